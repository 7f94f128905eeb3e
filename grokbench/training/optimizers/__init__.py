"""Optimizers: one file each, updates in place on lists of tensors, tested against ``torch.optim`` where it has the rule.

In: weights, their gradients, the number of the update. Out: changed weights. Written out, because they are short and because
the first use of ``torch.optim`` imports torch's compiler, which costs a worker longer than a small trial.
"""
