"""Evidence for results that anybody made: `foureyes stats`. It knows no sweep and needs no database."""
