# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs that are only measured: nothing in the matcher or its lexicon is changed because of what they show. Same form as develop.py."""
from describe import Pair, table


def distilbert__bert(depth=3, D=256, F=1024, W=30522):
    p = Pair(D=D, F=F, W=W)
    p.source("distilbert.embeddings.", "word_embeddings E W D; position_embeddings E 512 D; LayerNorm N D")
    for i in range(depth):
        p.source(f"distilbert.transformer.layer.{i}.", "attention.q_lin L D D; attention.k_lin L D D; attention.v_lin L D D; attention.out_lin L D D; sa_layer_norm N D; ffn.lin1 L F D; ffn.lin2 L D F; output_layer_norm N D")
    p.source("", "vocab_transform L D D; vocab_layer_norm N D; vocab_projector L W D")
    p.target("bert.embeddings.", "word_embeddings = @word_embeddings; position_embeddings = @position_embeddings; token_type_embeddings.weight = ? 2 D; LayerNorm = @LayerNorm".replace("@", "distilbert.embeddings."))
    for i in range(depth):
        p.target(f"bert.encoder.layer.{i}.", "attention.self.query = @attention.q_lin; attention.self.key = @attention.k_lin; attention.self.value = @attention.v_lin; attention.output.dense = @attention.out_lin; attention.output.LayerNorm = @sa_layer_norm; intermediate.dense = @ffn.lin1; output.dense = @ffn.lin2; output.LayerNorm = @output_layer_norm".replace("@", f"distilbert.transformer.layer.{i}."))
    p.target("cls.predictions.", "bias = vocab_projector.bias; transform.dense = vocab_transform; transform.LayerNorm = vocab_layer_norm; decoder.weight = vocab_projector.weight; decoder.bias = vocab_projector.bias")
    for pair in p.pairs:
        if pair["sources"] in (["vocab_projector.weight"], ["distilbert.embeddings.word_embeddings.weight"]):
            pair["alternatives"] = [["vocab_projector.weight"], ["distilbert.embeddings.word_embeddings.weight"]]
    return p


def poolformer_sail__hf(depths=(2, 2, 6, 2), widths=(64, 128, 320, 512)):
    p = Pair()
    p.source("", f"patch_embed.proj C {widths[0]} 3 7")
    for s, (n, w) in enumerate(zip(depths, widths)):
        for b in range(n):
            p.source(f"network.{2 * s}.{b}.", f"layer_scale_1 P {w}; layer_scale_2 P {w}; norm1 N {w}; norm2 N {w}; mlp.fc1 C {4 * w} {w} 1; mlp.fc2 C {w} {4 * w} 1")
        if s < 3:
            p.source("", f"network.{2 * s + 1}.proj C {widths[s + 1]} {w} 3")
    p.source("", f"norm N {widths[3]}; head L 1000 {widths[3]}")
    e = "poolformer.encoder."
    p.target(e, "patch_embeddings.0.projection = patch_embed.proj")
    for s in (1, 2, 3):
        p.target(e, f"patch_embeddings.{s}.projection = network.{2 * s - 1}.proj")
    for s, n in enumerate(depths):
        for b in range(n):
            p.target(f"{e}block.{s}.{b}.", "layer_scale_1 = @layer_scale_1; layer_scale_2 = @layer_scale_2; output.conv1 = @mlp.fc1; output.conv2 = @mlp.fc2; before_norm = @norm1; after_norm = @norm2".replace("@", f"network.{2 * s}.{b}."))
    p.target("", "norm = norm; classifier = head")
    return p


def pvt_v2__hf(depths=(2, 2, 2, 2), widths=(32, 64, 160, 256)):
    p = Pair()
    inner = 3
    for s, (n, w) in enumerate(zip(depths, widths), 1):
        p.source(f"patch_embed{s}.", f"proj C {w} {inner} {7 if s == 1 else 3}; norm N {w}")
        for b in range(n):
            r = (8, 4, 2, 1)[s - 1]
            p.source(f"block{s}.{b}.", f"norm1 N {w}; attn.q L {w} {w}; attn.kv L {2 * w} {w}; attn.proj L {w} {w};" + (f"attn.sr C {w} {w} {r}; attn.norm N {w};" if r > 1 else "")
                     + f"norm2 N {w}; mlp.fc1 L {4 * w} {w}; mlp.dwconv.dwconv C {4 * w} 1 3; mlp.fc2 L {w} {4 * w}")
        p.source("", f"norm{s} N {w}")
        inner = w
    p.source("", f"head L 1000 {inner}")
    for s, n in enumerate(depths, 1):
        t = f"pvt_v2.encoder.layers.{s - 1}."
        p.target(t, f"patch_embedding.proj = patch_embed{s}.proj; patch_embedding.layer_norm = patch_embed{s}.norm")
        for b in range(n):
            o = f"block{s}.{b}."
            p.target(f"{t}blocks.{b}.", f"layer_norm_1 = {o}norm1; attention.query = {o}attn.q; attention.key = {o}attn.kv[0/2]; attention.value = {o}attn.kv[1/2]; attention.proj = {o}attn.proj;"
                     + (f"attention.spatial_reduction = {o}attn.sr; attention.layer_norm = {o}attn.norm;" if s < 4 else "")
                     + f"layer_norm_2 = {o}norm2; mlp.dense1 = {o}mlp.fc1; mlp.dwconv.dwconv = {o}mlp.dwconv.dwconv; mlp.dense2 = {o}mlp.fc2")
        p.target(t, f"layer_norm = norm{s}")
    p.target("", "classifier = head")
    return p


def dit_fb__diffusers(depth=3, D=384, F=1536):
    p = Pair(D=D, F=F)
    p.source("", "pos_embed P 1 256 D; x_embedder.proj C D 4 2; t_embedder.mlp.0 L D 256; t_embedder.mlp.2 L D D; y_embedder.embedding_table E 1001 D")
    for i in range(depth):
        p.source(f"blocks.{i}.", "attn.qkv L 3*D D; attn.proj L D D; mlp.fc1 L F D; mlp.fc2 L D F; adaLN_modulation.1 L 6*D D")
    p.source("final_layer.", "linear L 32 D; adaLN_modulation.1 L 2*D D")
    p.target("", "pos_embed.proj = x_embedder.proj")
    for i in range(depth):
        t = f"transformer_blocks.{i}."
        if i == 0:
            p.target(t, "norm1.emb.timestep_embedder.linear_1 = t_embedder.mlp.0; norm1.emb.timestep_embedder.linear_2 = t_embedder.mlp.2; norm1.emb.class_embedder.embedding_table = y_embedder.embedding_table")
        p.target(t, "norm1.linear = @adaLN_modulation.1; attn1.to_q = @attn.qkv[0/3]; attn1.to_k = @attn.qkv[1/3]; attn1.to_v = @attn.qkv[2/3]; attn1.to_out.0 = @attn.proj; ff.net.0.proj = @mlp.fc1; ff.net.2 = @mlp.fc2".replace("@", f"blocks.{i}."))
    p.target("", "proj_out_1 = final_layer.adaLN_modulation.1; proj_out_2 = final_layer.linear")
    return p


def gemma_google__hf(depth=3, D=256, F=2048, W=256000):
    p = Pair(D=D, F=F, W=W)
    p.source("", "embedder.weight P W D")
    for i in range(depth):
        p.source(f"model.layers.{i}.", "self_attn.qkv_proj Lb 3*D D; self_attn.o_proj Lb D D; mlp.gate_proj Lb F D; mlp.up_proj Lb F D; mlp.down_proj Lb D F; input_layernorm Nw D; post_attention_layernorm Nw D")
    p.source("", "model.norm Nw D; freqs_cis P 8192 64")
    p.target("model.", "embed_tokens.weight = embedder.weight")
    for i in range(depth):
        p.target(f"model.layers.{i}.", "self_attn.q_proj = @qkv_proj[0/3]; self_attn.k_proj = @qkv_proj[1/3]; self_attn.v_proj = @qkv_proj[2/3]; self_attn.o_proj = @o_proj".replace("@", f"model.layers.{i}.self_attn."))
        p.target(f"model.layers.{i}.", "; ".join(f"{x} = model.layers.{i}.{x}" for x in ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm", "post_attention_layernorm")))
    p.target("", "model.norm = model.norm; lm_head.weight = embedder.weight")
    return p


def vitdet_d2__hf(depth=4, D=192, F=768):
    p = Pair(D=D, F=F)
    p.source("backbone.net.", "pos_embed P 1 197 D; patch_embed.proj C D 3 16")
    for i in range(depth):
        p.source(f"backbone.net.blocks.{i}.", "norm1 N D; attn.rel_pos_h P 27 64; attn.rel_pos_w P 27 64; attn.qkv L 3*D D; attn.proj L D D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F")
    p.source("backbone.", "simfp_4.0 Cb 256 D 1; simfp_4.0.norm N 256; simfp_4.1 Cb 256 256 3; simfp_4.1.norm N 256")
    p.target("embeddings.", "position_embeddings = backbone.net.pos_embed; projection = backbone.net.patch_embed.proj")
    for i in range(depth):
        p.target(f"encoder.layer.{i}.", "norm1 = @norm1; attention.rel_pos_h = @attn.rel_pos_h; attention.rel_pos_w = @attn.rel_pos_w; attention.qkv = @attn.qkv; attention.proj = @attn.proj; norm2 = @norm2; mlp.fc1 = @mlp.fc1; mlp.fc2 = @mlp.fc2".replace("@", f"backbone.net.blocks.{i}."))
    return p


def unet_milesial__named(widths=(64, 128, 256, 512)):
    """double convolutions as numbered Sequentials against named layers"""
    p = Pair()

    def double(source, target, i, o):
        p.source(source, f".double_conv.0 Cb {o} {i} 3; .double_conv.1 B {o}; .double_conv.3 Cb {o} {o} 3; .double_conv.4 B {o}")
        later.append((target, f"{target}.conv1 = {source}.double_conv.0; {target}.bn1 = {source}.double_conv.1; {target}.conv2 = {source}.double_conv.3; {target}.bn2 = {source}.double_conv.4"))

    later = []
    double("inc", "encoder.0", 3, widths[0])
    for n in range(3):
        double(f"down{n + 1}.maxpool_conv.1", f"encoder.{n + 1}", widths[n], widths[n + 1])
    ups = []
    for n in range(3):
        i, o = widths[3 - n], widths[2 - n]
        p.source("", f"up{n + 1}.up.weight P {i} {o} 2 2; up{n + 1}.up.bias P {o}")
        ups.append(n)
        double(f"up{n + 1}.conv", f"decoder.{n}", i, o)
    p.source("", f"outc.conv C 2 {widths[0]} 1")
    for target, text in later[:4]:
        p.target("", text)
    for n, (target, text) in zip(ups, later[4:]):
        p.target("", f"decoder.{n}.upsample = up{n + 1}.up")
        p.target("", text)
    p.target("", "head = outc.conv")
    return p


PAIRS = table(distilbert__bert, poolformer_sail__hf, pvt_v2__hf, dit_fb__diffusers, gemma_google__hf, vitdet_d2__hf, unet_milesial__named)
