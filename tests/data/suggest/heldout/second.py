# SPDX-License-Identifier: GPL-3.0-or-later
"""A second half of pairs, of other families. The matcher was first measured on them as it had come out of develop.py (mean share of
exactly right target keys 96.2 %, 90.3 % with both files sorted by name), then developed further on both. Same form as develop.py."""
from describe import Pair, table


def lines(text, **names):
    for name, value in names.items():
        text = text.replace("@" + name, value)
    return text


def beit_unilm__hf(depth=4, D=192, F=768):
    """one bias each for q and v beside a fused weight"""
    p = Pair(D=D, F=F)
    p.source("", "cls_token P 1 1 D; mask_token P 1 1 D; patch_embed.proj C D 3 16")
    for i in range(depth):
        p.source(f"blocks.{i}.", "gamma_1 P D; gamma_2 P D; norm1 N D; attn.q_bias P D; attn.v_bias P D; attn.relative_position_bias_table P 732 3; attn.relative_position_index P 197 197; attn.qkv Lb 3*D D; attn.proj L D D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F")
    p.source("", "fc_norm N D; head L 1000 D")
    p.target("beit.embeddings.", "cls_token = cls_token; mask_token = mask_token; patch_embeddings.projection = patch_embed.proj")
    for i in range(depth):
        p.target(f"beit.encoder.layer.{i}.", lines("""lambda_1 = @gamma_1; lambda_2 = @gamma_2; attention.attention.query.weight = @attn.qkv.weight[0/3]; attention.attention.query.bias = @attn.q_bias
            attention.attention.key.weight = @attn.qkv.weight[1/3]; attention.attention.value.weight = @attn.qkv.weight[2/3]; attention.attention.value.bias = @attn.v_bias
            attention.attention.relative_position_bias.relative_position_bias_table = @attn.relative_position_bias_table
            attention.attention.relative_position_bias.relative_position_index = @attn.relative_position_index; attention.output.dense = @attn.proj
            intermediate.dense = @mlp.fc1; output.dense = @mlp.fc2; layernorm_before = @norm1; layernorm_after = @norm2""").replace("@", f"blocks.{i}."))
    p.target("", "beit.pooler.layernorm = fc_norm; classifier = head")
    return p


def mae_fb__hf(depth=4, D=192, F=768, E=128):
    """encoder and decoder of the same blocks"""
    p = Pair(D=D, F=F, E=E)
    p.source("", "cls_token P 1 1 D; pos_embed P 1 197 D; mask_token P 1 1 E; decoder_pos_embed P 1 197 E; patch_embed.proj C D 3 16")
    block = "norm1 N W; attn.qkv L 3*W W; attn.proj L W W; norm2 N W; mlp.fc1 L 4*W W; mlp.fc2 L W 4*W"
    p.env["W"] = D
    for i in range(depth):
        p.source(f"blocks.{i}.", block)
    p.source("", "norm N D; decoder_embed L E D")
    p.env["W"] = E
    for i in range(2):
        p.source(f"decoder_blocks.{i}.", block)
    p.source("", "decoder_norm N E; decoder_pred L 768 E")
    p.target("vit.embeddings.", "cls_token = cls_token; position_embeddings = pos_embed; patch_embeddings.projection = patch_embed.proj")
    hf = """attention.attention.query = @attn.qkv[0/3]; attention.attention.key = @attn.qkv[1/3]; attention.attention.value = @attn.qkv[2/3]; attention.output.dense = @attn.proj
        intermediate.dense = @mlp.fc1; output.dense = @mlp.fc2; layernorm_before = @norm1; layernorm_after = @norm2"""
    for i in range(depth):
        p.target(f"vit.encoder.layer.{i}.", hf.replace("@", f"blocks.{i}."))
    p.target("", "vit.layernorm = norm; decoder.mask_token = mask_token; decoder.decoder_pos_embed = decoder_pos_embed; decoder.decoder_embed = decoder_embed")
    for i in range(2):
        p.target(f"decoder.decoder_layers.{i}.", hf.replace("@", f"decoder_blocks.{i}."))
    p.target("decoder.", "decoder_norm = decoder_norm; decoder_pred = decoder_pred")
    return p


def t5x__hf(depth=3, D=512, F=1024, W=32128):
    """kernels input first, keys by name"""
    p = Pair(D=D, F=F, W=W)
    p.separator = "/"
    p.source("target/", "decoder/decoder_norm/scale P D; decoder/logits_dense Kb D W; decoder/relpos_bias/rel_embedding P 8 32; encoder/encoder_norm/scale P D; encoder/relpos_bias/rel_embedding P 8 32; token_embedder/embedding P W D")
    attention = lambda name: "; ".join(f"{name}/{x} Kb D D" for x in ("key", "out", "query", "value"))
    for i in range(depth):
        e, d = f"target/encoder/layers_{i}/", f"target/decoder/layers_{i}/"
        p.source(e, attention("attention") + "; mlp/wi_0 Kb D F; mlp/wi_1 Kb D F; mlp/wo Kb F D; pre_attention_layer_norm/scale P D; pre_mlp_layer_norm/scale P D")
        p.source(d, attention("encoder_decoder_attention") + ";" + attention("self_attention") + "; mlp/wi_0 Kb D F; mlp/wi_1 Kb D F; mlp/wo Kb F D; pre_cross_attention_layer_norm/scale P D; pre_mlp_layer_norm/scale P D; pre_self_attention_layer_norm/scale P D")
    p.s = dict(sorted(p.s.items()))
    heads = lambda t, s: f"{t}.q = {s}/query; {t}.k = {s}/key; {t}.v = {s}/value; {t}.o = {s}/out;"
    feed = lambda t, s: f"{t}.DenseReluDense.wi_0 = {s}mlp/wi_0; {t}.DenseReluDense.wi_1 = {s}mlp/wi_1; {t}.DenseReluDense.wo = {s}mlp/wo; {t}.layer_norm.weight = {s}pre_mlp_layer_norm/scale"
    p.target("", "shared.weight = target/token_embedder/embedding")
    for side in ("encoder", "decoder"):
        for i in range(depth):
            s, t = f"target/{side}/layers_{i}/", f"{side}.block.{i}.layer."
            if side == "encoder":
                p.target(t, heads("0.SelfAttention", s + "attention"))
            else:
                p.target(t, heads("0.SelfAttention", s + "self_attention"))
            if i == 0:
                p.target(t, f"0.SelfAttention.relative_attention_bias.weight = target/{side}/relpos_bias/rel_embedding'")
            if side == "encoder":
                p.target(t, f"0.layer_norm.weight = {s}pre_attention_layer_norm/scale;" + feed("1", s))
            else:
                p.target(t, f"0.layer_norm.weight = {s}pre_self_attention_layer_norm/scale;" + heads("1.EncDecAttention", s + "encoder_decoder_attention") + f"1.layer_norm.weight = {s}pre_cross_attention_layer_norm/scale;" + feed("2", s))
        p.target(side, f".final_layer_norm.weight = target/{side}/{side}_norm/scale")
    p.target("", "lm_head = target/decoder/logits_dense")
    return p


def albert_tf__hf(D=256, F=1024, E=128, W=30000):
    p = Pair(D=D, F=F, E=E, W=W)
    p.separator = "/"
    p.source("bert/embeddings/", "LayerNorm G E; position_embeddings P 512 E; token_type_embeddings P 2 E; word_embeddings P W E")
    g = "bert/encoder/transformer/group_0/inner_group_0/"
    p.source("bert/encoder/", "embedding_hidden_mapping_in K E D")
    p.source(g, "LayerNorm G D; LayerNorm_1 G D; attention_1/output/dense K D D; attention_1/self/key K D D; attention_1/self/query K D D; attention_1/self/value K D D; ffn_1/intermediate/dense K D F; ffn_1/intermediate/output/dense K F D")
    p.source("", "bert/pooler/dense K D D; cls/predictions/output_bias P W; cls/predictions/transform/LayerNorm G E; cls/predictions/transform/dense K D E; global_step P 1")
    p.s = dict(sorted(p.s.items()))
    p.target("albert.embeddings.", "position_ids = ? 1 512; word_embeddings.weight = bert/embeddings/word_embeddings; position_embeddings.weight = bert/embeddings/position_embeddings; token_type_embeddings.weight = bert/embeddings/token_type_embeddings; LayerNorm = bert/embeddings/LayerNorm")
    t = "albert.encoder.albert_layer_groups.0.albert_layers.0."
    p.target("albert.encoder.", "embedding_hidden_mapping_in = bert/encoder/embedding_hidden_mapping_in")
    p.target(t, "full_layer_layer_norm = @LayerNorm_1; attention.query = @attention_1/self/query; attention.key = @attention_1/self/key; attention.value = @attention_1/self/value; attention.dense = @attention_1/output/dense; attention.LayerNorm = @LayerNorm; ffn = @ffn_1/intermediate/dense; ffn_output = @ffn_1/intermediate/output/dense".replace("@", g))
    p.target("", "albert.pooler = bert/pooler/dense; predictions.bias = cls/predictions/output_bias; predictions.LayerNorm = cls/predictions/transform/LayerNorm; predictions.dense = cls/predictions/transform/dense; predictions.decoder.weight = bert/embeddings/word_embeddings; predictions.decoder.bias = cls/predictions/output_bias")
    return p


def deformable_detr__hf(depth=3, D=256, F=1024):
    """norm1 of the decoder is the cross-attention's"""
    p = Pair(D=D, F=F)
    points = "{0}.sampling_offsets L 256 D; {0}.attention_weights L 128 D; {0}.value_proj L D D; {0}.output_proj L D D;"
    p.source("transformer.", "level_embed P 4 D")
    for i in range(depth):
        p.source(f"transformer.encoder.layers.{i}.", points.format("self_attn") + "norm1 N D; linear1 L F D; linear2 L D F; norm2 N D")
    for i in range(depth):
        p.source(f"transformer.decoder.layers.{i}.", points.format("cross_attn") + "norm1 N D; self_attn.in_proj_weight P 3*D D; self_attn.in_proj_bias P 3*D; self_attn.out_proj L D D; norm2 N D; linear1 L F D; linear2 L D F; norm3 N D")
    p.source("transformer.", "reference_points L 2 D")
    p.source("", "query_embed E 300 2*D")
    for l, (width, kernel) in enumerate(((512, 1), (1024, 1), (2048, 1), (2048, 3))):
        p.source(f"input_proj.{l}.", f"0 C D {width} {kernel}; 1 N D")
    p.target("model.", "level_embed = transformer.level_embed; query_position_embeddings = query_embed")
    for l in range(4):
        p.target(f"model.input_proj.{l}.", f"0 = input_proj.{l}.0; 1 = input_proj.{l}.1")
    same = lambda t, s: "; ".join(f"{t}.{x} = {s}.{x}" for x in ("sampling_offsets", "attention_weights", "value_proj", "output_proj")) + ";"
    for i in range(depth):
        o = f"transformer.encoder.layers.{i}."
        p.target(f"model.encoder.layers.{i}.", same("self_attn", o + "self_attn") + f"self_attn_layer_norm = {o}norm1; fc1 = {o}linear1; fc2 = {o}linear2; final_layer_norm = {o}norm2")
    for i in range(depth):
        o = f"transformer.decoder.layers.{i}."
        a = o + "self_attn.in_proj"
        p.target(f"model.decoder.layers.{i}.", f"self_attn.k_proj = {a}[1/3]; self_attn.v_proj = {a}[2/3]; self_attn.q_proj = {a}[0/3]; self_attn.out_proj = {o}self_attn.out_proj; self_attn_layer_norm = {o}norm2;" + same("encoder_attn", o + "cross_attn") + f"encoder_attn_layer_norm = {o}norm1; fc1 = {o}linear1; fc2 = {o}linear2; final_layer_norm = {o}norm3")
    p.target("model.", "reference_points = transformer.reference_points")
    return p


def llama_meta__hf(depth=4, D=512, F=1376, KV=128, W=32000):
    p = Pair(D=D, F=F, KV=KV, W=W)
    p.source("", "tok_embeddings E W D")
    for i in range(depth):
        p.source(f"layers.{i}.", "attention.wq Lb D D; attention.wk Lb KV D; attention.wv Lb KV D; attention.wo Lb D D; feed_forward.w1 Lb F D; feed_forward.w2 Lb D F; feed_forward.w3 Lb F D; attention_norm Nw D; ffn_norm Nw D")
    p.source("", "norm Nw D; output Lb W D; rope.freqs P 64")
    p.target("model.", "embed_tokens = tok_embeddings")
    for i in range(depth):
        p.target(f"model.layers.{i}.", "self_attn.q_proj = @attention.wq; self_attn.k_proj = @attention.wk; self_attn.v_proj = @attention.wv; self_attn.o_proj = @attention.wo; mlp.gate_proj = @feed_forward.w1; mlp.up_proj = @feed_forward.w3; mlp.down_proj = @feed_forward.w2; input_layernorm = @attention_norm; post_attention_layernorm = @ffn_norm".replace("@", f"layers.{i}."))
    p.target("", "model.norm = norm; lm_head = output")
    return p


def phi_original__hf(depth=4, D=256, F=1024, W=51200):
    """a Sequential from the embedding to the head, q, k and v in one"""
    p = Pair(D=D, F=F, W=W)
    p.source("layers.0.", "wte E W D")
    for i in range(depth):
        p.source(f"layers.{i + 1}.", "ln N D; mixer.rotary_emb.inv_freq P 16; mixer.Wqkv L 3*D D; mixer.out_proj L D D; mlp.fc1 L F D; mlp.fc2 L D F")
    p.source(f"layers.{depth + 1}.", "ln N D; linear L W D")
    p.target("model.", "embed_tokens = layers.0.wte")
    for i in range(depth):
        p.target(f"model.layers.{i}.", "self_attn.q_proj = @mixer.Wqkv[0/3]; self_attn.k_proj = @mixer.Wqkv[1/3]; self_attn.v_proj = @mixer.Wqkv[2/3]; self_attn.dense = @mixer.out_proj; mlp.fc1 = @mlp.fc1; mlp.fc2 = @mlp.fc2; input_layernorm = @ln".replace("@", f"layers.{i + 1}."))
    p.target("", f"model.final_layernorm = layers.{depth + 1}.ln; lm_head = layers.{depth + 1}.linear")
    return p


def qwen__qwen2(depth=4, D=256, F=704, W=151936):
    p = Pair(D=D, F=F, W=W)
    p.source("transformer.", "wte E W D")
    for i in range(depth):
        p.source(f"transformer.h.{i}.", "ln_1 Nw D; attn.c_attn L 3*D D; attn.c_proj Lb D D; ln_2 Nw D; mlp.w1 Lb F D; mlp.w2 Lb F D; mlp.c_proj Lb D F")
    p.source("", "transformer.ln_f Nw D; lm_head Lb W D")
    p.target("model.", "embed_tokens = transformer.wte")
    for i in range(depth):
        p.target(f"model.layers.{i}.", "self_attn.q_proj = @attn.c_attn[0/3]; self_attn.k_proj = @attn.c_attn[1/3]; self_attn.v_proj = @attn.c_attn[2/3]; self_attn.o_proj = @attn.c_proj; mlp.gate_proj = @mlp.w2; mlp.up_proj = @mlp.w1; mlp.down_proj = @mlp.c_proj; input_layernorm = @ln_1; post_attention_layernorm = @ln_2".replace("@", f"transformer.h.{i}."))
    p.target("", "model.norm = transformer.ln_f; lm_head = lm_head")
    return p


def resnet50_keras__tv(depths=(3, 4, 6, 3)):
    p = Pair()
    p.separator = "/"

    def conv(name, o, i, k):
        p.source(name, f"_conv K {k} {k} {i} {o}")
        p.source(name, f"_bn G {o}")
        p.source(f"{name}_bn/", f"moving_mean P {o}; moving_variance P {o}")

    conv("conv1", 64, 3, 7)
    inner = 64
    for s, n in enumerate(depths):
        w = 64 * 2 ** s
        for b in range(n):
            name = f"conv{s + 2}_block{b + 1}_"
            conv(name + "1", w, inner, 1)
            conv(name + "2", w, w, 3)
            if b == 0:
                conv(name + "0", 4 * w, inner, 1)
            conv(name + "3", 4 * w, w, 1)
            inner = 4 * w
    p.source("", "predictions K 2048 1000")
    for k in [k for k in p.s if k.endswith("_conv/bias")]:
        p.s.pop(k)

    def to(c, b, name):
        p.target("", f"{c} = {name}_conv; {b} = {name}_bn")
        p.t[f"{b}.num_batches_tracked"] = []

    to("conv1", "bn1", "conv1")
    for s, n in enumerate(depths):
        for b in range(n):
            t, o = f"layer{s + 1}.{b}.", f"conv{s + 2}_block{b + 1}_"
            for c in (1, 2, 3):
                to(f"{t}conv{c}", f"{t}bn{c}", f"{o}{c}")
            if b == 0:
                to(f"{t}downsample.0", f"{t}downsample.1", o + "0")
    p.target("", "fc = predictions")
    return p


def swin_microsoft__mmdet(depths=(2, 2, 4, 2), D=96):
    p = Pair(D=D)
    p.source("patch_embed.", "proj C D 3 4; norm N D")
    for s, n in enumerate(depths):
        p.env.update(W=D * 2 ** s, H=3 * 2 ** s)
        for b in range(n):
            p.source(f"layers.{s}.blocks.{b}.", "norm1 N W; attn.relative_position_bias_table P 169 H; attn.relative_position_index P 49 49; attn.qkv L 3*W W; attn.proj L W W; norm2 N W; mlp.fc1 L 4*W W; mlp.fc2 L W 4*W")
        if s < len(depths) - 1:
            p.source(f"layers.{s}.downsample.", "reduction Lb 2*W 4*W; norm N 4*W")
    p.source("", "norm N W; head L 1000 W")
    p.target("backbone.", "patch_embed.projection = patch_embed.proj; patch_embed.norm = patch_embed.norm")
    for s, n in enumerate(depths):
        for b in range(n):
            p.target(f"backbone.stages.{s}.blocks.{b}.", "norm1 = @norm1; attn.w_msa.relative_position_bias_table = @attn.relative_position_bias_table; attn.w_msa.relative_position_index = @attn.relative_position_index; attn.w_msa.qkv = @attn.qkv; attn.w_msa.proj = @attn.proj; norm2 = @norm2; ffn.layers.0.0 = @mlp.fc1; ffn.layers.1 = @mlp.fc2".replace("@", f"layers.{s}.blocks.{b}."))
        p.env["W"] = D * 2 ** s
        if s < len(depths) - 1:
            # the order of the four merged pixels changes as well, which shapes do not show
            p.t[f"backbone.stages.{s}.downsample.norm.weight"] = [4 * p.env["W"]]
            p.t[f"backbone.stages.{s}.downsample.norm.bias"] = [4 * p.env["W"]]
            p.t[f"backbone.stages.{s}.downsample.reduction.weight"] = [2 * p.env["W"], 4 * p.env["W"]]
            for leaf, source in (("norm.weight", "norm.weight"), ("norm.bias", "norm.bias"), ("reduction.weight", "reduction.weight")):
                key = f"backbone.stages.{s}.downsample.{leaf}"
                shape = p.t.pop(key)
                p.set(key, shape, [f"layers.{s}.downsample.{source}"])
    for s in (1, 2, 3):
        p.t[f"backbone.norm{s}.weight"] = [D * 2 ** s]
        p.t[f"backbone.norm{s}.bias"] = [D * 2 ** s]
    p.t.pop("backbone.norm3.weight"), p.t.pop("backbone.norm3.bias")
    p.target("backbone.", "norm3 = norm")
    return p


def encodec_audiocraft__hf(N=8):
    """weight norm, residual blocks and strided convolutions in one Sequential"""
    p = Pair(N=N)

    def conv(name, o, i, k, inner="conv.conv"):
        p.source("", f"{name}.{inner}.bias P {o}; {name}.{inner}.weight_g P {o} 1 1; {name}.{inner}.weight_v P {o} {i} {k}")

    def both(name, layers):
        n, w = 0, N
        down = name == "encoder"
        if down:
            conv(f"{name}.model.0", w, 1, 7)
        else:
            w = 16 * N
            conv(f"{name}.model.0", w, 128, 7)
        p.source(f"{name}.model.1.", "; ".join(f"lstm.weight_ih_l{l} P {4 * w} {w}; lstm.weight_hh_l{l} P {4 * w} {w}; lstm.bias_ih_l{l} P {4 * w}; lstm.bias_hh_l{l} P {4 * w}" for l in (0, 1))) if not down else None
        n = 1 if down else 2
        for r in (2, 4, 5, 8) if down else (8, 5, 4, 2):
            if down:
                conv(f"{name}.model.{n}.block.1", w // 2, w, 3)
                conv(f"{name}.model.{n}.block.3", w, w // 2, 1)
                conv(f"{name}.model.{n}.shortcut", w, w, 1)
                conv(f"{name}.model.{n + 2}", 2 * w, w, 2 * r)
                w, n = 2 * w, n + 3
            else:
                p.source("", f"{name}.model.{n + 1}.convtr.convtr.bias P {w // 2}; {name}.model.{n + 1}.convtr.convtr.weight_g P {w} 1 1; {name}.model.{n + 1}.convtr.convtr.weight_v P {w} {w // 2} {2 * r}")
                w, n = w // 2, n + 2
                conv(f"{name}.model.{n}.block.1", w // 2, w, 3)
                conv(f"{name}.model.{n}.block.3", w, w // 2, 1)
                conv(f"{name}.model.{n}.shortcut", w, w, 1)
                n += 1
        if down:
            p.source(f"{name}.model.{n}.", "; ".join(f"lstm.weight_ih_l{l} P {4 * w} {w}; lstm.weight_hh_l{l} P {4 * w} {w}; lstm.bias_ih_l{l} P {4 * w}; lstm.bias_hh_l{l} P {4 * w}" for l in (0, 1)))
            conv(f"{name}.model.{n + 2}", 128, w, 7)
        else:
            conv(f"{name}.model.{n + 1}", 1, w, 7)

    both("encoder", 4)
    both("decoder", 4)
    for k, v in list(p.s.items()):
        p.set(k.replace(".model.", ".layers.").replace(".conv.conv.", ".conv.").replace(".convtr.convtr.", ".conv."), v, [k])
    return p


def openclip_text_ldm__hf(depth=4, D=256, F=1024, W=49408):
    p = Pair(D=D, F=F, W=W)
    m = "cond_stage_model.model."
    p.source(m, "positional_embedding P 77 D; text_projection P D D; logit_scale P; attn_mask P 77 77")
    for i in range(depth):
        p.source(f"{m}transformer.resblocks.{i}.", "ln_1 N D; attn.in_proj_weight P 3*D D; attn.in_proj_bias P 3*D; attn.out_proj L D D; ln_2 N D; mlp.c_fc L F D; mlp.c_proj L D F")
    p.source(m, "token_embedding E W D; ln_final N D")
    p.target("text_model.embeddings.", f"position_ids = ? 1 77; token_embedding = {m}token_embedding; position_embedding.weight = {m}positional_embedding")
    for i in range(depth):
        p.target(f"text_model.encoder.layers.{i}.", "self_attn.k_proj = @attn.in_proj[1/3]; self_attn.v_proj = @attn.in_proj[2/3]; self_attn.q_proj = @attn.in_proj[0/3]; self_attn.out_proj = @attn.out_proj; layer_norm1 = @ln_1; mlp.fc1 = @mlp.c_fc; mlp.fc2 = @mlp.c_proj; layer_norm2 = @ln_2".replace("@", f"{m}transformer.resblocks.{i}."))
    p.target("text_model.", f"final_layer_norm = {m}ln_final")
    return p


def regnet_tv__timm(depths=(2, 4, 6, 2), widths=(64, 128, 320, 768)):
    p = Pair()
    p.source("stem.", "0 Cb 32 3 3; 1 B 32")
    p.target("stem.", "conv = stem.0; bn = stem.1")
    inner = 32
    for s, (n, w) in enumerate(zip(depths, widths), 1):
        for b in range(n):
            o, t = f"trunk_output.block{s}.block{s}-{b}.", f"s{s}.b{b + 1}."
            if b == 0:
                p.source(o, f"proj.0 Cb {w} {inner} 1; proj.1 B {w}")
            r = inner // 4
            p.source(o, f"f.a.0 Cb {w} {inner} 1; f.a.1 B {w}; f.b.0 Cb {w} 16 3; f.b.1 B {w}; f.se.fc1 C {r} {w} 1; f.se.fc2 C {w} {r} 1; f.c.0 Cb {w} {w} 1; f.c.1 B {w}")
            p.target(t, lines("conv1.conv = @f.a.0; conv1.bn = @f.a.1; conv2.conv = @f.b.0; conv2.bn = @f.b.1; se.fc1 = @f.se.fc1; se.fc2 = @f.se.fc2; conv3.conv = @f.c.0; conv3.bn = @f.c.1").replace("@", o))
            if b == 0:
                p.target(t, f"downsample.conv = {o}proj.0; downsample.bn = {o}proj.1")
            inner = w
    p.source("", f"fc L 1000 {inner}")
    p.target("", "head.fc = fc")
    return p


def yolov5__mmyolo(G=32):
    p = Pair(G=G)

    def conv(name, o, i, k):
        p.source("", f"{name}.conv Cb {o} {i} {k}; {name}.bn B {o}")

    def c3(name, i, o, n):
        h = o // 2
        conv(name + ".cv1", h, i, 1), conv(name + ".cv2", h, i, 1), conv(name + ".cv3", o, 2 * h, 1)
        for b in range(n):
            conv(f"{name}.m.{b}.cv1", h, h, 1), conv(f"{name}.m.{b}.cv2", h, h, 3)

    g = G
    conv("model.0", g, 3, 6)
    for n, (k, w) in enumerate(((1, 2 * g), (3, 4 * g), (5, 8 * g), (7, 16 * g))):
        conv(f"model.{k}", w, w // 2, 3)
        c3(f"model.{k + 1}", w, w, (1, 2, 3, 1)[n])
    conv("model.9.cv1", 8 * g, 16 * g, 1), conv("model.9.cv2", 16 * g, 32 * g, 1)
    conv("model.10", 8 * g, 16 * g, 1), c3("model.13", 16 * g, 8 * g, 1)
    conv("model.14", 4 * g, 8 * g, 1), c3("model.17", 8 * g, 4 * g, 1)
    conv("model.18", 4 * g, 4 * g, 3), c3("model.20", 8 * g, 8 * g, 1)
    conv("model.21", 8 * g, 8 * g, 3), c3("model.23", 16 * g, 16 * g, 1)
    p.source("model.24.", f"anchors P 3 3 2; m.0 C 255 {4 * g} 1; m.1 C 255 {8 * g} 1; m.2 C 255 {16 * g} 1")
    c = lambda t, s: p.target("", f"{t} = {s}")

    def to(t, s):
        for x, y in (("main_conv", "cv1"), ("short_conv", "cv2"), ("final_conv", "cv3")):
            c(f"{t}.{x}", f"{s}.{y}")
        b = 0
        while f"{s}.m.{b}.cv1.conv.weight" in p.s:
            c(f"{t}.blocks.{b}.conv1", f"{s}.m.{b}.cv1"), c(f"{t}.blocks.{b}.conv2", f"{s}.m.{b}.cv2")
            b += 1

    c("backbone.stem", "model.0")
    for s in (1, 2, 3, 4):
        c(f"backbone.stage{s}.0", f"model.{2 * s - 1}")
        to(f"backbone.stage{s}.1", f"model.{2 * s}")
    c("backbone.stage4.2.conv1", "model.9.cv1"), c("backbone.stage4.2.conv2", "model.9.cv2")
    c("neck.reduce_layers.2", "model.10")
    to("neck.top_down_layers.0.0", "model.13"), c("neck.top_down_layers.0.1", "model.14"), to("neck.top_down_layers.1", "model.17")
    c("neck.downsample_layers.0", "model.18"), c("neck.downsample_layers.1", "model.21")
    to("neck.bottom_up_layers.0", "model.20"), to("neck.bottom_up_layers.1", "model.23")
    for l in range(3):
        c(f"bbox_head.head_module.convs_pred.{l}", f"model.24.m.{l}")
    return p


def conformer_fairseq__hf(depth=3, D=256, F=1024):
    """two feed-forwards in each block"""
    p = Pair(D=D, F=F)
    ff = "{0}.layer_norm N D; {0}.w_1 L F D; {0}.w_2 L D F;"
    for i in range(depth):
        p.source(f"encoder.layers.{i}.", ff.format("ffn1") + "self_attn_layer_norm N D; self_attn.pos_bias_u P 4 D//4; self_attn.pos_bias_v P 4 D//4; self_attn.linear_q L D D; self_attn.linear_k L D D; self_attn.linear_v L D D; self_attn.linear_out L D D; self_attn.linear_pos Lb D D; conv_module.layer_norm N D; conv_module.pointwise_conv1 C1b 2*D D 1; conv_module.depthwise_conv C1b D 1 31; conv_module.batch_norm B D; conv_module.pointwise_conv2 C1b D D 1;" + ff.format("ffn2") + "final_layer_norm N D")
    p.source("encoder.", "layer_norm N D")
    for i in range(depth):
        o = f"encoder.layers.{i}."
        p.target(f"wav2vec2_conformer.encoder.layers.{i}.", """ffn1_layer_norm = @ffn1.layer_norm; ffn1.intermediate_dense = @ffn1.w_1; ffn1.output_dense = @ffn1.w_2; self_attn_layer_norm = @self_attn_layer_norm
            self_attn.pos_bias_u = @self_attn.pos_bias_u; self_attn.pos_bias_v = @self_attn.pos_bias_v; self_attn.linear_q = @self_attn.linear_q; self_attn.linear_k = @self_attn.linear_k; self_attn.linear_v = @self_attn.linear_v
            self_attn.linear_out = @self_attn.linear_out; self_attn.linear_pos = @self_attn.linear_pos; conv_module.layer_norm = @conv_module.layer_norm; conv_module.pointwise_conv1 = @conv_module.pointwise_conv1
            conv_module.depthwise_conv = @conv_module.depthwise_conv; conv_module.batch_norm = @conv_module.batch_norm; conv_module.pointwise_conv2 = @conv_module.pointwise_conv2
            ffn2_layer_norm = @ffn2.layer_norm; ffn2.intermediate_dense = @ffn2.w_1; ffn2.output_dense = @ffn2.w_2; final_layer_norm = @final_layer_norm""".replace("@", o))
    p.target("wav2vec2_conformer.encoder.", "layer_norm = encoder.layer_norm")
    return p


def gpt2_tf__hf(depth=4, D=256, F=1024, W=50257):
    """TensorFlow's first release: 1 × in × out, g and b"""
    p = Pair(D=D, F=F, W=W)
    for i in range(depth):
        p.source(f"model/h{i}/", "attn/c_attn/b P 3*D; attn/c_attn/w P 1 D 3*D; attn/c_proj/b P D; attn/c_proj/w P 1 D D; ln_1/b P D; ln_1/g P D; ln_2/b P D; ln_2/g P D; mlp/c_fc/b P F; mlp/c_fc/w P 1 D F; mlp/c_proj/b P D; mlp/c_proj/w P 1 F D")
    p.source("model/", "ln_f/b P D; ln_f/g P D; wpe P 1024 D; wte P W D")
    p.s = dict(sorted(p.s.items()))
    p.target("transformer.", "wte.weight = model/wte; wpe.weight = model/wpe")
    for i in range(depth):
        o = f"model/h{i}/"
        w = lambda m, a, b: f"{m}.weight = {o}{m.replace('.', '/')}/w as {a} {b}; {m}.bias = {o}{m.replace('.', '/')}/b;"
        n = lambda m: f"{m}.weight = {o}{m}/g; {m}.bias = {o}{m}/b;"
        p.target(f"transformer.h.{i}.", n("ln_1") + w("attn.c_attn", "D", "3*D") + w("attn.c_proj", "D", "D") + n("ln_2") + w("mlp.c_fc", "D", "F") + w("mlp.c_proj", "F", "D"))
    p.target("", "transformer.ln_f.weight = model/ln_f/g; transformer.ln_f.bias = model/ln_f/b; lm_head.weight = model/wte")
    return p


def mamba__hf(depth=4, D=256, W=50280):
    p = Pair(D=D, W=W)
    p.source("backbone.", "embedding E W D")
    for i in range(depth):
        p.source(f"backbone.layers.{i}.", "mixer.A_log P 2*D 16; mixer.D P 2*D; mixer.in_proj Lb 4*D D; mixer.conv1d.weight P 2*D 1 4; mixer.conv1d.bias P 2*D; mixer.x_proj Lb 48 2*D; mixer.dt_proj L 2*D 16; mixer.out_proj Lb D 2*D; norm Nw D")
    p.source("", "backbone.norm_f Nw D; lm_head Lb W D")
    p.target("", "backbone.embeddings = backbone.embedding")
    for i in range(depth):
        o = f"backbone.layers.{i}."
        p.target(o, "norm = @norm; mixer.A_log = @mixer.A_log; mixer.D = @mixer.D; mixer.conv1d = @mixer.conv1d; mixer.in_proj = @mixer.in_proj; mixer.x_proj = @mixer.x_proj; mixer.dt_proj = @mixer.dt_proj; mixer.out_proj = @mixer.out_proj".replace("@", o))
    p.target("", "backbone.norm_f = backbone.norm_f; lm_head = lm_head")
    return p


PAIRS = table(beit_unilm__hf, mae_fb__hf, t5x__hf, albert_tf__hf, deformable_detr__hf, llama_meta__hf, phi_original__hf, qwen__qwen2, resnet50_keras__tv,
              swin_microsoft__mmdet, encodec_audiocraft__hf, openclip_text_ldm__hf, regnet_tv__timm, yolov5__mmyolo, conformer_fairseq__hf, gpt2_tf__hf, mamba__hf)
