"""Networks: one file each, with a plain module that reads like its paper; ``fast`` holds hand-written steps.

In: the ``model`` table of a recipe, the number of elements of the task's domain, a seed.
Out: a torch module with initialised (or constructed) weights; it knows nothing of training or claims.
"""
