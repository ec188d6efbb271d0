"""Judging samples that exist already, with no broker and no database: `foureyes evaluate`."""
