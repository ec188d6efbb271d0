"""`python -m foureyes`: the command line."""

from foureyes.producer.entry import main

main()
