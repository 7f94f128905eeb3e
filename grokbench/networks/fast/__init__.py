"""Hand-written training steps: for a network and a loss, the value and the gradient that autograd gives, several times as fast.

In: a plain module's weights, rows of a table. Out: sums of losses and of right answers, and gradients in place.
"""
