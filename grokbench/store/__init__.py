"""What is kept: the keys of trials, records as files, the store, and archives of records beside a report.

In: trials and records. Out: files, and the record that answers a trial.
"""
