# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixtures of experts, after what public conversion code does: experts that are modules of their own become one tensor for all (transformers'
fifth version, llama.cpp's GGUF names), and back. Same form as develop.py."""
from describe import Pair, table

E = 4  # experts, but for what needs more


def attention_source(p, o, D="D", KV="KV", norms=True):
    p.source(o, f"self_attn.q_proj Lb {D} {D}; self_attn.k_proj Lb {KV} {D}; self_attn.v_proj Lb {KV} {D}; self_attn.o_proj Lb {D} {D}")
    if norms:
        p.source(o, f"input_layernorm Nw {D}; post_attention_layernorm Nw {D}")


ATTENTION = """self_attn.q_proj = @self_attn.q_proj; self_attn.k_proj = @self_attn.k_proj; self_attn.v_proj = @self_attn.v_proj; self_attn.o_proj = @self_attn.o_proj;
    input_layernorm = @input_layernorm; post_attention_layernorm = @post_attention_layernorm"""
GGUF = """attn_q = @self_attn.q_proj; attn_k = @self_attn.k_proj; attn_v = @self_attn.v_proj; attn_output = @self_attn.o_proj;
    attn_norm = @input_layernorm; ffn_norm = @post_attention_layernorm"""


def ends_source(p):
    p.source("", "model.norm Nw D; lm_head Lb W D")


def ends_gguf(p):
    p.target("", "output_norm = model.norm; output = lm_head; token_embd = model.embed_tokens")


def separate(o, name, n=E):
    return [f"{o}experts.{e}.{name}.weight" for e in range(n)]


def mixtral_hf4__hf5(depth=3, D=256, F=448, KV=64, W=8192):
    p = Pair(D=D, F=F, KV=KV, W=W, E=E)
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        o = f"model.layers.{i}."
        attention_source(p, o, norms=False)
        p.source(o, "block_sparse_moe.gate Lb E D")
        for e in range(E):
            p.source(f"{o}block_sparse_moe.experts.{e}.", "w1 Lb F D; w2 Lb D F; w3 Lb F D")
        p.source(o, "input_layernorm Nw D; post_attention_layernorm Nw D")
    ends_source(p)
    p.target("", "model.embed_tokens = model.embed_tokens")
    for i in range(depth):
        o = f"model.layers.{i}."
        p.target(o, ATTENTION.replace("@", o) + f"; mlp.gate = {o}block_sparse_moe.gate")
        p.stack(o + "mlp.experts.gate_up_proj", separate(o + "block_sparse_moe.", "w1"), separate(o + "block_sparse_moe.", "w3"))
        p.stack(o + "mlp.experts.down_proj", separate(o + "block_sparse_moe.", "w2"))
    p.target("", "model.norm = model.norm; lm_head = lm_head")
    return p


def mixtral_hf5__hf4(depth=3, D=256, F=448, KV=64, W=8192):
    p = Pair(D=D, F=F, KV=KV, W=W, E=E)
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        o = f"model.layers.{i}."
        attention_source(p, o, norms=False)
        p.source(o, "mlp.gate Lb E D; mlp.experts.gate_up_proj P E 2*F D; mlp.experts.down_proj P E D F; input_layernorm Nw D; post_attention_layernorm Nw D")
    ends_source(p)
    p.target("", "model.embed_tokens = model.embed_tokens")
    for i in range(depth):
        o = f"model.layers.{i}."
        p.target(o, ATTENTION.replace("@", o) + f"; block_sparse_moe.gate = {o}mlp.gate")
        for e in range(E):
            t = f"{o}block_sparse_moe.experts.{e}."
            p.expert(t + "w1.weight", o + "mlp.experts.gate_up_proj", e, 0, 2)
            p.expert(t + "w2.weight", o + "mlp.experts.down_proj", e)
            p.expert(t + "w3.weight", o + "mlp.experts.gate_up_proj", e, 1, 2)
    p.target("", "model.norm = model.norm; lm_head = lm_head")
    return p


def qwen3(p, depth, n):
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        o = f"model.layers.{i}."
        attention_source(p, o, norms=False)
        p.source(o, "self_attn.q_norm Nw H; self_attn.k_norm Nw H; mlp.gate Lb E D")
        for e in range(n):
            p.source(f"{o}mlp.experts.{e}.", "gate_proj Lb F D; up_proj Lb F D; down_proj Lb D F")
        p.source(o, "input_layernorm Nw D; post_attention_layernorm Nw D")
    ends_source(p)


def qwen3moe_hf__gguf(depth=3, D=256, F=96, KV=64, W=8192, n=12):
    p = Pair(D=D, F=F, KV=KV, W=W, H=32, E=n)
    qwen3(p, depth, n)
    ends_gguf(p)
    for i in range(depth):
        o, t = f"model.layers.{i}.", f"blk.{i}."
        p.target(t, GGUF.replace("@", o) + f"; attn_q_norm = {o}self_attn.q_norm; attn_k_norm = {o}self_attn.k_norm; ffn_gate_inp = {o}mlp.gate")
        for name in ("gate", "up", "down"):
            p.stack(f"{t}ffn_{name}_exps.weight", separate(o + "mlp.", name + "_proj", n))
    return p


def qwen3moe_gguf__hf(depth=3, D=256, F=96, KV=64, W=8192, n=6):
    p = Pair(D=D, F=F, KV=KV, W=W, H=32, E=n)
    p.source("", "token_embd E W D; output_norm Nw D; output Lb W D")
    for i in range(depth):
        p.source(f"blk.{i}.", """attn_k Lb KV D; attn_k_norm Nw H; attn_norm Nw D; attn_output Lb D D; attn_q Lb D D; attn_q_norm Nw H; attn_v Lb KV D;
            ffn_down_exps.weight P E D F; ffn_gate_exps.weight P E F D; ffn_gate_inp Lb E D; ffn_norm Nw D; ffn_up_exps.weight P E F D""")
    p.target("", "model.embed_tokens = token_embd")
    for i in range(depth):
        s, o = f"blk.{i}.", f"model.layers.{i}."
        p.target(o, """self_attn.q_proj = @attn_q; self_attn.k_proj = @attn_k; self_attn.v_proj = @attn_v; self_attn.o_proj = @attn_output; self_attn.q_norm = @attn_q_norm;
            self_attn.k_norm = @attn_k_norm; mlp.gate = @ffn_gate_inp""".replace("@", s))
        for e in range(n):
            for name in ("gate", "up", "down"):
                p.expert(f"{o}mlp.experts.{e}.{name}_proj.weight", f"{s}ffn_{name}_exps.weight", e)
        p.target(o, "input_layernorm = @attn_norm; post_attention_layernorm = @ffn_norm".replace("@", s))
    p.target("", "model.norm = output_norm; lm_head = output")
    return p


def shared(p, depth, n, name, dense):
    """a dense layer first, and experts that all tokens share"""
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        o = f"model.layers.{i}."
        attention_source(p, o, norms=False)
        if i < dense:
            p.source(o + "mlp.", "gate_proj Lb 4*F D; up_proj Lb 4*F D; down_proj Lb D 4*F")
        else:
            p.source(o + "mlp.", "gate Lb E D")
            for e in range(n):
                p.source(f"{o}mlp.experts.{e}.", "gate_proj Lb F D; up_proj Lb F D; down_proj Lb D F")
            p.source(f"{o}mlp.{name}.", "gate_proj Lb 2*F D; up_proj Lb 2*F D; down_proj Lb D 2*F")
            if name == "shared_expert":
                p.source(f"{o}mlp.", "shared_expert_gate Lb 1 D")
        p.source(o, "input_layernorm Nw D; post_attention_layernorm Nw D")
    ends_source(p)


def shared_hf5(depth, n, name, dense, **sizes):
    p = Pair(E=n, **sizes)
    shared(p, depth, n, name, dense)
    p.target("", "model.embed_tokens = model.embed_tokens")
    gated = "gate_proj = @gate_proj; up_proj = @up_proj; down_proj = @down_proj"
    for i in range(depth):
        o = f"model.layers.{i}."
        p.target(o, ATTENTION.replace("@", o))
        if i < dense:
            p.target(o + "mlp.", gated.replace("@", o + "mlp."))
            continue
        p.target(o, f"mlp.gate = {o}mlp.gate")
        p.stack(o + "mlp.experts.gate_up_proj", separate(o + "mlp.", "gate_proj", n), separate(o + "mlp.", "up_proj", n))
        p.stack(o + "mlp.experts.down_proj", separate(o + "mlp.", "down_proj", n))
        p.target(f"{o}mlp.{name}.", gated.replace("@", f"{o}mlp.{name}."))
        if name == "shared_expert":
            p.target(f"{o}mlp.", f"shared_expert_gate = {o}mlp.shared_expert_gate")
    p.target("", "model.norm = model.norm; lm_head = lm_head")
    return p


def qwen2moe_hf4__hf5(depth=3, D=256, F=96, KV=64, W=8192, n=8):
    return shared_hf5(depth, n, "shared_expert", 0, D=D, F=F, KV=KV, W=W)


def deepseek_hf4__hf5(depth=4, D=256, F=96, KV=64, W=8192, n=8):
    return shared_hf5(depth, n, "shared_experts", 1, D=D, F=F, KV=KV, W=W)


def deepseek_hf__gguf(depth=4, D=256, F=96, KV=64, W=8192, n=8):
    p = Pair(D=D, F=F, KV=KV, W=W, E=n)
    shared(p, depth, n, "shared_experts", 1)
    ends_gguf(p)
    for i in range(depth):
        o, t = f"model.layers.{i}.", f"blk.{i}."
        p.target(t, GGUF.replace("@", o))
        if i < 1:
            p.target(t, "ffn_gate = @gate_proj; ffn_up = @up_proj; ffn_down = @down_proj".replace("@", o + "mlp."))
            continue
        p.target(t, f"ffn_gate_inp = {o}mlp.gate")
        for name in ("gate", "up", "down"):
            p.stack(f"{t}ffn_{name}_exps.weight", separate(o + "mlp.", name + "_proj", n))
            p.target(t, f"ffn_{name}_shexp = {o}mlp.shared_experts.{name}_proj")
    return p


def gptoss_original__hf(depth=3, D=192, KV=32, W=8192, n=8):
    """stacks on both sides, input first on one; as wide inside as outside"""
    p = Pair(D=D, KV=KV, W=W, E=n, H=8)
    p.source("", "embedding E W D; norm.scale P D; unembedding Lb W D")
    for i in range(depth):
        p.source(f"block.{i}.", """attn.norm.scale P D; attn.sinks P H; attn.qkv L D+2*KV D; attn.out L D D; mlp.norm.scale P D; mlp.gate L E D;
            mlp.mlp1_weight P E 2*D D; mlp.mlp1_bias P E 2*D; mlp.mlp2_weight P E D D; mlp.mlp2_bias P E D""")
    p.target("", "model.embed_tokens = embedding")
    for i in range(depth):
        s, o = f"block.{i}.", f"model.layers.{i}."
        p.target(o, f"self_attn.sinks = {s}attn.sinks")
        at = 0
        for name, size in (("q", D), ("k", KV), ("v", KV)):
            for leaf, shape in (("weight", [size, D]), ("bias", [size])):
                p.set(f"{o}self_attn.{name}_proj.{leaf}", shape, [f"{s}attn.qkv.{leaf}"], "split", {"dim": 0, "start": at, "size": size})
            at += size
        p.target(o, f"self_attn.o_proj = {s}attn.out; mlp.router = {s}mlp.gate")
        p.restack(o + "mlp.experts.gate_up_proj", s + "mlp.mlp1_weight", transposed=True)
        p.target(o, f"mlp.experts.gate_up_proj_bias = {s}mlp.mlp1_bias")
        p.restack(o + "mlp.experts.down_proj", s + "mlp.mlp2_weight", transposed=True)
        p.target(o, f"mlp.experts.down_proj_bias = {s}mlp.mlp2_bias; input_layernorm.weight = {s}attn.norm.scale; post_attention_layernorm.weight = {s}mlp.norm.scale")
    p.target("", "model.norm.weight = norm.scale; lm_head = unembedding")
    return p


def llama4_hf__gguf(depth=3, D=256, F=448, KV=64, W=8192, n=4):
    """fused and input first, to apart and output first"""
    p = Pair(D=D, F=F, KV=KV, W=W, E=n)
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        o = f"model.layers.{i}."
        attention_source(p, o, norms=False)
        p.source(o + "feed_forward.", "experts.gate_up_proj P E D 2*F; experts.down_proj P E F D; router Lb E D; shared_expert.gate_proj Lb F D; shared_expert.up_proj Lb F D; shared_expert.down_proj Lb D F")
        p.source(o, "input_layernorm Nw D; post_attention_layernorm Nw D")
    ends_source(p)
    ends_gguf(p)
    for i in range(depth):
        o, t = f"model.layers.{i}.", f"blk.{i}."
        p.target(t, GGUF.replace("@", o) + f"; ffn_gate_inp = {o}feed_forward.router")
        p.restack(t + "ffn_gate_exps.weight", o + "feed_forward.experts.gate_up_proj", 0, 2, transposed=True)
        p.restack(t + "ffn_up_exps.weight", o + "feed_forward.experts.gate_up_proj", 1, 2, transposed=True)
        p.restack(t + "ffn_down_exps.weight", o + "feed_forward.experts.down_proj", transposed=True)
        for name in ("gate", "up", "down"):
            p.target(t, f"ffn_{name}_shexp = {o}feed_forward.shared_expert.{name}_proj")
    return p


def dbrx__gguf(depth=3, D=256, F=448, KV=64, W=8192, n=4):
    """all experts' rows in one matrix"""
    p = Pair(D=D, F=F, KV=KV, W=W, E=n)
    p.source("transformer.", "wte E W D")
    for i in range(depth):
        p.source(f"transformer.blocks.{i}.", """norm_attn_norm.norm_1 Nw D; norm_attn_norm.attn.Wqkv Lb D+2*KV D; norm_attn_norm.attn.out_proj Lb D D; norm_attn_norm.norm_2 Nw D;
            ffn.router.layer Lb E D; ffn.experts.mlp.w1 P E*F D; ffn.experts.mlp.v1 P E*F D; ffn.experts.mlp.w2 P E*F D""")
    p.source("", "transformer.norm_f Nw D; lm_head Lb W D")
    p.target("", "token_embd = transformer.wte")
    for i in range(depth):
        s, t = f"transformer.blocks.{i}.", f"blk.{i}."
        p.target(t, f"attn_norm = {s}norm_attn_norm.norm_1; attn_qkv = {s}norm_attn_norm.attn.Wqkv; attn_output = {s}norm_attn_norm.attn.out_proj; attn_output_norm = {s}norm_attn_norm.norm_2; ffn_gate_inp = {s}ffn.router.layer")
        for name, source in (("gate", "w1"), ("up", "v1"), ("down", "w2")):
            steps = [{"op": "reshape", "shape": [n, F, D]}] + ([{"op": "permute", "dims": [0, 2, 1]}] if name == "down" else [])
            p.set(f"{t}ffn_{name}_exps.weight", [n, D, F] if name == "down" else [n, F, D], [f"{s}ffn.experts.mlp.{source}"], "chain", {"steps": steps})
    p.target("", "output_norm = transformer.norm_f; output = lm_head")
    return p


def switch_t5x__hf(depth=2, D=256, F=512, W=8192, n=4):
    """experts' kernels input first, keys by name"""
    p = Pair(D=D, F=F, W=W, E=n)
    p.separator = "/"
    p.source("target/", "encoder/encoder_norm/scale P D; encoder/relpos_bias/rel_embedding P 8 32; token_embedder/embedding P W D")
    for i in range(depth):
        p.source(f"target/encoder/layers_{i}/", "; ".join(f"attention/{x} Kb D D" for x in ("key", "out", "query", "value"))
                 + "; mlp/expert/wi/kernel P E D F; mlp/expert/wo/kernel P E F D; mlp/router/router_weights/w Kb D E; pre_attention_layer_norm/scale P D; pre_mlp_layer_norm/scale P D")
    p.s = dict(sorted(p.s.items()))
    p.target("", "shared.weight = target/token_embedder/embedding")
    for i in range(depth):
        s, t = f"target/encoder/layers_{i}/", f"encoder.block.{i}.layer."
        p.target(t, "; ".join(f"0.SelfAttention.{x} = {s}attention/{y}" for x, y in zip("qkvo", ("query", "key", "value", "out"))))
        if i == 0:
            p.target(t, "0.SelfAttention.relative_attention_bias.weight = target/encoder/relpos_bias/rel_embedding'")
        p.target(t, f"0.layer_norm.weight = {s}pre_attention_layer_norm/scale; 1.mlp.router.classifier = {s}mlp/router/router_weights/w")
        for e in range(n):
            for name in ("wi", "wo"):
                p.expert(f"{t}1.mlp.experts.expert_{e}.{name}.weight", f"{s}mlp/expert/{name}/kernel", e, transposed=True)
        p.target(t, f"1.layer_norm.weight = {s}pre_mlp_layer_norm/scale")
    p.target("encoder", ".final_layer_norm.weight = target/encoder/encoder_norm/scale")
    return p


def granite_hf__gguf(depth=3, D=256, F=96, KV=64, W=8192, n=8):
    """stacks that no name calls experts"""
    p = Pair(D=D, F=F, KV=KV, W=W, E=n)
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        o = f"model.layers.{i}."
        attention_source(p, o, norms=False)
        p.source(o, "block_sparse_moe.input_linear.weight P E 2*F D; block_sparse_moe.output_linear.weight P E D F; block_sparse_moe.router.layer Lb E D; input_layernorm Nw D; post_attention_layernorm Nw D")
    ends_source(p)
    ends_gguf(p)
    for i in range(depth):
        o, t = f"model.layers.{i}.", f"blk.{i}."
        p.target(t, GGUF.replace("@", o) + f"; ffn_gate_inp = {o}block_sparse_moe.router.layer")
        p.restack(t + "ffn_gate_exps.weight", o + "block_sparse_moe.input_linear.weight", 0, 2)
        p.restack(t + "ffn_up_exps.weight", o + "block_sparse_moe.input_linear.weight", 1, 2)
        p.restack(t + "ffn_down_exps.weight", o + "block_sparse_moe.output_linear.weight")
    return p


PAIRS = table(mixtral_hf4__hf5, mixtral_hf5__hf4, qwen3moe_hf__gguf, qwen3moe_gguf__hf, qwen2moe_hf4__hf5, deepseek_hf4__hf5, deepseek_hf__gguf,
              gptoss_original__hf, llama4_hf__gguf, dbrx__gguf, switch_t5x__hf, granite_hf__gguf)
