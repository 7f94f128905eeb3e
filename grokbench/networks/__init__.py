"""Networks: each plain module reads like its paper, and its fast path lies beside it.

In: the ``model`` table of a recipe, the number of elements of the task's domain, a seed.
Out: a torch module with initialised (or constructed) weights; it knows nothing of tasks, training or claims.
"""
