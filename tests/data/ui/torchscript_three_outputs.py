# SPDX-License-Identifier: GPL-3.0-or-later
# Wrote torchscript_three_outputs.pt, with torch 1.13.1: a heat map, class scores and features.
import torch
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a=torch.nn.Conv2d(3,16,7,stride=4,padding=3)
        self.b=torch.nn.Conv2d(16,32,5,stride=2,padding=2)
        self.h=torch.nn.Conv2d(32,1,1)
        self.c=torch.nn.Linear(32,10)
    def forward(self,x):
        f=torch.relu(self.b(torch.relu(self.a(x))))
        return {"heat": self.h(f), "scores": self.c(f.mean([2,3])), "features": f}
torch.manual_seed(0)
torch.jit.script(M().eval()).save("torchscript_three_outputs.pt")
