"""What the rows come to: shares, differences, and how sure they are. Mostly pure."""
