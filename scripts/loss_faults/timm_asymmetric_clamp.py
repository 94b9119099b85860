"""timm's asymmetric loss gives no gradient to a positive label with a logit of -20.

Probabilities are clamped to `eps` = 1e-8 before the logarithm, and a clamp has no slope: below a logit of
about -18.4 a positive gets no gradient. The documentation says so: "eps: Minimum probability clamped to
before the log". Computed from logits (log-sigmoid), the gradient would go on.

Shows: timm.loss.AsymmetricLossMultiLabel: gradient at confident mistakes
"""

import torch
from timm.loss import AsymmetricLossMultiLabel

for logit in (-10.0, -18.0, -20.0, -50.0):
    outputs = torch.tensor([[logit]], requires_grad=True)
    loss = AsymmetricLossMultiLabel()(outputs, torch.ones(1, 1))
    loss.backward()
    print(f"logit {logit:g}: loss {loss.item():.4g}, gradient {outputs.grad.item():.2g}")
