"""From a sweep file to rows, and what is done to those later."""
