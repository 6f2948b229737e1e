# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of implementations written down compactly: the modules of each side in the order in which they are registered,
and for each target module where it comes from.

Source lines "NAME KIND NUMBERS": L out in (linear; Lb without bias), C out in kernel (convolution; Cb; C1 one-dimensional),
N width (weight and bias; Nw weight only), B width (batch norm), E rows width (table), P shape (parameter), K in out (Flax,
TensorFlow: kernel and bias; Kb), H in, heads, size (Flax attention kernel and bias), G width (gamma and beta).
Target lines "NAME = EXPRESSION": a source module or tensor; "s[1/3]" part 1 of 3 along the first dimension; "a + b" joined;
"s'" transposed; "s as 4 4 1 1" reshaped; "? shape" a tensor that no source fills.
Widths are Python expressions over the keyword arguments of the pair, which is how `square` makes all widths equal.
"""
import re

LEAVES = {"kernel": "weight", "scale": "weight", "gamma": "weight", "beta": "bias", "embedding": "weight", "moving_mean": "running_mean",
          "moving_variance": "running_var"}


class Pair:
    def __init__(self, **widths):
        self.env, self.s, self.t, self.pairs = widths, {}, {}, []
        self.separator = "."

    def put(self, key, *shape):
        assert key not in self.s, key
        self.s[key] = list(shape)

    def source(self, prefix, text):
        for line in filter(None, (x.strip() for x in text.replace("\n", ";").split(";"))):
            name, kind, *numbers = line.split()
            n = [int(eval(x, {}, self.env)) for x in numbers]
            key, dot = prefix + name, self.separator
            if kind in ("L", "Lb"):
                self.put(key + ".weight", *n)
            elif kind in ("C", "Cb"):
                self.put(key + ".weight", n[0], n[1], n[2], n[2])
            elif kind in ("C1", "C1b"):
                self.put(key + ".weight", *n)
            elif kind in ("N", "Nw"):
                self.put(key + ".weight", n[0])
            elif kind == "B":
                for leaf in ("weight", "bias", "running_mean", "running_var"):
                    self.put(key + "." + leaf, n[0])
                self.put(key + ".num_batches_tracked")
            elif kind == "E":
                self.put(key + ".weight", *n)
            elif kind == "P":
                self.put(key, *n)
            elif kind in ("K", "Kb"):
                self.put(key + dot + "kernel", *n)
            elif kind == "G":
                self.put(key + dot + "gamma", n[0])
                self.put(key + dot + "beta", n[0])
            elif kind == "S":
                self.put(key + dot + "scale", n[0])
                self.put(key + dot + "bias", n[0])
            else:
                raise ValueError(line)
            if kind in ("L", "C", "C1", "N"):
                self.put(key + ".bias", n[0])
            if kind == "K":
                self.put(key + dot + "bias", n[-1])

    def leaves(self, module):
        found = {k[len(module) + 1:]: k for k in self.s if k.startswith(module + ".") or k.startswith(module + "/")}
        if not found:
            found = {k[len(module) + 1:]: k for k in self.s if k in (module + "_weight", module + "_bias")}
        assert found, "no source " + module
        return found

    def set(self, key, shape, sources, op="copy", args=None):
        assert key not in self.t, key
        self.t[key] = list(shape)
        self.pairs.append({"target": key, "sources": sources, "op": op, "args": args or {}})

    def one(self, key, source, mark):
        shape, leaf = self.s[source], re.split(r"[./]", source)[-1]
        if leaf == "kernel" and len(shape) == 2:
            mark = "'"
        if leaf == "kernel" and len(shape) == 4:
            return self.set(key, [shape[3], shape[2], shape[0], shape[1]], [source], "permute", {"dims": [3, 2, 0, 1]})
        if leaf == "depthwise_kernel":
            return self.set(key, [shape[2], shape[3], shape[0], shape[1]], [source], "permute", {"dims": [2, 3, 0, 1]})
        if mark == "'" and len(shape) == 2:
            return self.set(key, shape[::-1], [source], "transpose", {"dims": [1, 0]})
        if mark.startswith("[") and shape:
            part, count = map(int, mark[1:-1].split("/"))
            size = shape[0] // count
            return self.set(key, [size] + shape[1:], [source], "split", {"dim": 0, "start": part * size, "size": size})
        if mark.startswith("as "):
            wanted = [int(eval(x, {}, self.env)) for x in mark[3:].split()]
            if len(shape) > 1 or len(wanted) == 1:
                return self.set(key, wanted, [source], "reshape", {"shape": wanted})
        return self.set(key, shape, [source])

    def target(self, prefix, text, origin=""):
        for line in filter(None, (x.strip() for x in text.replace("\n", ";").split(";"))):
            name, expression = (x.strip() for x in line.split("=", 1))
            key = prefix + name
            if expression.startswith("?"):
                self.t[key] = [int(eval(x, {}, self.env)) for x in expression[1:].split()]
                continue
            parts = [origin + x.strip() for x in expression.split(" + ")]
            if len(parts) > 1:
                self.join(key, parts)
                continue
            module, mark = re.fullmatch(r"(.*?)('|\[.*\]| as .*)?", parts[0]).groups()
            mark = (mark or "").strip()
            if module in self.s:
                self.one(key, module, mark)
                continue
            for leaf, source in self.leaves(module).items():
                leaf = LEAVES.get(leaf, leaf)
                self.one(key + leaf if key.endswith("_") else key + "." + leaf, source, mark)

    def join(self, key, parts):
        if parts[0] in self.s:
            groups = {"": parts}
        else:
            groups = {"." + LEAVES.get(leaf, leaf): [self.leaves(p)[leaf] for p in parts] for leaf in self.leaves(parts[0])}
        for leaf, sources in groups.items():
            if key.endswith("_"):
                leaf = leaf[1:]
            shape = list(self.s[sources[0]])
            shape[0] = sum(self.s[x][0] for x in sources)
            self.set(key + leaf, shape, sources, "concat", {"dim": 0})

    def stack(self, key, *roles, transposed=False):
        """[experts, rows, columns] from lists of experts, one for each role, whose rows come one after the other"""
        sources = [x for role in roles for x in role]
        rows, *columns = self.s[sources[0]]
        one, k, n = [rows, *columns], len(roles), len(roles[0])
        steps = [{"op": "concat", "dim": 0}, {"op": "reshape", "shape": [k, n, *one]},
                 {"op": "permute", "dims": [1, 0, *range(2, 2 + len(one))]}, {"op": "reshape", "shape": [n, k * rows, *columns]}]
        shape = [n, k * rows, *columns]
        if transposed:
            steps.append({"op": "permute", "dims": [0, 2, 1]})
            shape = [n, *columns, k * rows]
        self.set(key, shape, sources, "chain", {"pre": [[{"op": "reshape", "shape": [1, *one]}] for _ in sources], "steps": steps})

    def expert(self, key, source, e, part=0, of=1, transposed=False):
        """expert e of a stack, and of that one part; `transposed`: the stack's experts are columns × rows"""
        _, *one = self.s[source]
        steps = [{"op": "split", "dim": 0, "start": e, "size": 1}, {"op": "reshape", "shape": one}]
        if transposed:
            steps.append({"op": "permute", "dims": [1, 0]})
            one = one[::-1]
        size = one[0] // of
        if of > 1:
            steps.append({"op": "split", "dim": 0, "start": part * size, "size": size})
        self.set(key, [size, *one[1:]], [source], "chain", {"steps": steps})

    def restack(self, key, source, part=0, of=1, transposed=False):
        """a stack from a stack: one part of its rows; `transposed`: its experts are columns × rows"""
        shape, steps = list(self.s[source]), []
        if transposed:
            steps.append({"op": "permute", "dims": [0, 2, 1]})
            shape = [shape[0], shape[2], shape[1]]
        if of > 1:
            shape[1] //= of
            steps.append({"op": "split", "dim": 1, "start": part * shape[1], "size": shape[1]})
        self.set(key, shape, [source], "chain", {"steps": steps})

    def made(self, name):
        side = lambda what, tensors: {"name": name + " " + what, "source": "written down from the modules",
                                      "tensors": [{"key": k, "shape": v, "dtype": "F32"} for k, v in tensors.items()]}
        used = {k for p in self.pairs for a in [p["sources"], *p.get("alternatives", [])] for k in a}
        filled = {p["target"] for p in self.pairs}
        truth = {"source": name + " source", "target": name + " target", "kind": "derived", "pairs": self.pairs,
                 "target_unfilled": [k for k in self.t if k not in filled], "source_unused": [k for k in self.s if k not in used]}
        return side("source", self.s), side("target", self.t), truth


def table(*functions):
    return {f.__name__: f for f in functions}
