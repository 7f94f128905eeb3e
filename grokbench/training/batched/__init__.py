"""The batched engine: trials that differ in numbers only train as one model, on the CPU or on CUDA.

In: trials that ``likeness`` calls alike. Out: a record for each, such as the loop of single trials makes. ``loop`` is the entry.
"""
