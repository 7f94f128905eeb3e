"""From words to trials: what a command, an experiment or a sweep trains, what that will cost, and the processes that train it.

In: tasks, recipes and papers. Out: trials, records in a store, and the evidence that claims are decided on.
"""
