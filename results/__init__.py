"""The reader's side: statistics, progress, reports, transcripts, SQL. Reads rows, changes nothing."""
