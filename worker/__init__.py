"""The machines' side: advancing attempts, calling models, judging programs."""
