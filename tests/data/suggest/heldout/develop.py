# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs on which the matcher may be developed."""
from describe import Pair, table


def blip_salesforce__hf(depth=3, D=192, F=768, W=30524):
    """vision tower with fused qkv, text tower of BERT's names with cross-attention"""
    p = Pair(D=D, F=F, W=W)
    p.source("visual_encoder.", "cls_token P 1 1 D; pos_embed P 1 197 D; patch_embed.proj C D 3 16")
    for i in range(depth):
        p.source(f"visual_encoder.blocks.{i}.", "norm1 N D; attn.qkv L 3*D D; attn.proj L D D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F")
    p.source("visual_encoder.", "norm N D")
    p.source("text_decoder.bert.embeddings.", "position_ids P 1 512; word_embeddings E W D; position_embeddings E 512 D; LayerNorm N D")
    for i in range(depth):
        b = f"text_decoder.bert.encoder.layer.{i}."
        for a in ("attention", "crossattention"):
            p.source(b + a, ".self.query L D D; .self.key L D D; .self.value L D D; .output.dense L D D; .output.LayerNorm N D")
        p.source(b, "intermediate.dense L F D; output.dense L D F; output.LayerNorm N D")
    p.source("text_decoder.cls.predictions.", "bias P W; transform.dense L D D; transform.LayerNorm N D; decoder L W D")
    p.target("vision_model.embeddings.", "class_embedding = visual_encoder.cls_token; position_embedding = visual_encoder.pos_embed; patch_embedding = visual_encoder.patch_embed.proj")
    for i in range(depth):
        p.target(f"vision_model.encoder.layers.{i}.", "self_attn.qkv = attn.qkv; self_attn.projection = attn.proj; layer_norm1 = norm1; mlp.fc1 = mlp.fc1; mlp.fc2 = mlp.fc2; layer_norm2 = norm2", f"visual_encoder.blocks.{i}.")
    p.target("vision_model.", "post_layernorm = visual_encoder.norm")
    for k in list(p.s):
        if k.startswith("text_decoder") and not k.endswith("position_ids"):
            p.set(k, p.s[k], [k])
    return p


def swin_timm__hf(depths=(2, 2, 4, 2), D=96, R=4):
    p = Pair(D=D, R=R)
    p.source("patch_embed.", "proj C D 3 4; norm N D")
    for s, n in enumerate(depths):
        p.env.update(W=D * 2 ** s, H=3 * 2 ** s)
        for b in range(n):
            p.source(f"layers.{s}.blocks.{b}.", "norm1 N W; attn.relative_position_bias_table P 169 H; attn.relative_position_index P 49 49; attn.qkv L 3*W W; attn.proj L W W; norm2 N W; mlp.fc1 L R*W W; mlp.fc2 L W R*W")
            if b % 2 and s < 3:
                p.source(f"layers.{s}.blocks.{b}.", f"attn_mask P {64 // 4 ** s} 49 49")
        if s < len(depths) - 1:
            p.source(f"layers.{s}.downsample.", "reduction Lb 2*W 4*W; norm N 4*W")
    p.source("", "norm N W; head L 1000 W")
    p.target("swin.embeddings.", "patch_embeddings.projection = patch_embed.proj; norm = patch_embed.norm")
    for s, n in enumerate(depths):
        for b in range(n):
            p.target(f"swin.encoder.layers.{s}.blocks.{b}.", """layernorm_before = norm1; attention.self.relative_position_bias_table = attn.relative_position_bias_table
                attention.self.relative_position_index = attn.relative_position_index
                attention.self.query = attn.qkv[0/3]; attention.self.key = attn.qkv[1/3]; attention.self.value = attn.qkv[2/3]
                attention.output.dense = attn.proj; layernorm_after = norm2; intermediate.dense = mlp.fc1; output.dense = mlp.fc2""", f"layers.{s}.blocks.{b}.")
        if s < len(depths) - 1:
            p.target(f"swin.encoder.layers.{s}.downsample.", "reduction = reduction; norm = norm", f"layers.{s}.downsample.")
    p.target("", "swin.layernorm = norm; classifier = head")
    return p


def detr_fb__hf(depth=3, D=256, F=2048):
    p = Pair(D=D, F=F)
    for i in range(depth):
        p.source(f"transformer.encoder.layers.{i}.", "self_attn.in_proj_weight P 3*D D; self_attn.in_proj_bias P 3*D; self_attn.out_proj L D D; linear1 L F D; linear2 L D F; norm1 N D; norm2 N D")
    for i in range(depth):
        p.source(f"transformer.decoder.layers.{i}.", """self_attn.in_proj_weight P 3*D D; self_attn.in_proj_bias P 3*D; self_attn.out_proj L D D
            multihead_attn.in_proj_weight P 3*D D; multihead_attn.in_proj_bias P 3*D; multihead_attn.out_proj L D D
            linear1 L F D; linear2 L D F; norm1 N D; norm2 N D; norm3 N D""")
    p.source("transformer.decoder.", "norm N D")
    p.source("", "class_embed L 92 D; bbox_embed.layers.0 L D D; bbox_embed.layers.1 L D D; bbox_embed.layers.2 L 4 D; query_embed E 100 D; input_proj C D 2048 1")
    p.source("backbone.0.body.", "conv1 Cb 64 3 7; bn1 N 64; bn1.running_mean P 64; bn1.running_var P 64")
    inner = 64
    for s, n in enumerate((2, 2, 2, 2)):
        w = 64 * 2 ** s
        for b in range(n):
            p.env.update(w=w, inner=inner)
            for c, spec in enumerate(("w inner 1", "w w 3", "4*w w 1"), 1):
                out = spec.split()[0]
                p.source(f"backbone.0.body.layer{s + 1}.{b}.", f"conv{c} Cb {spec}; bn{c} N {out}; bn{c}.running_mean P {out}; bn{c}.running_var P {out}")
            if b == 0:
                p.source(f"backbone.0.body.layer{s + 1}.{b}.downsample.", "0 Cb 4*w inner 1; 1 N 4*w; 1.running_mean P 4*w; 1.running_var P 4*w")
            inner = 4 * w
    c = "model.backbone.conv_encoder.model."
    for k in [k for k in p.s if k.startswith("backbone")]:
        p.set(c + k[len("backbone.0.body."):], p.s[k], [k])
    p.target("model.", "input_projection = input_proj; query_position_embeddings = query_embed")
    attention = lambda t, s: f"{t}.k_proj = {s}.in_proj[1/3]; {t}.v_proj = {s}.in_proj[2/3]; {t}.q_proj = {s}.in_proj[0/3]; {t}.out_proj = {s}.out_proj;"
    for i in range(depth):
        o = f"transformer.encoder.layers.{i}."
        p.target(f"model.encoder.layers.{i}.", attention("self_attn", o + "self_attn") + f"self_attn_layer_norm = {o}norm1; fc1 = {o}linear1; fc2 = {o}linear2; final_layer_norm = {o}norm2")
    for i in range(depth):
        o = f"transformer.decoder.layers.{i}."
        p.target(f"model.decoder.layers.{i}.", attention("self_attn", o + "self_attn") + f"self_attn_layer_norm = {o}norm1;" + attention("encoder_attn", o + "multihead_attn")
                 + f"encoder_attn_layer_norm = {o}norm2; fc1 = {o}linear1; fc2 = {o}linear2; final_layer_norm = {o}norm3")
    p.target("", "model.decoder.layernorm = transformer.decoder.norm; class_labels_classifier = class_embed; bbox_predictor = bbox_embed")
    return p


def whisper_openai__hf(depth=3, D=384, F=1536, W=51865):
    p = Pair(D=D, F=F, W=W)
    half = "attn.query L D D; attn.key Lb D D; attn.value L D D; attn.out L D D; attn_ln N D;"
    cross = "cross_attn.query L D D; cross_attn.key Lb D D; cross_attn.value L D D; cross_attn.out L D D; cross_attn_ln N D;"
    mlp = "mlp.0 L F D; mlp.2 L D F; mlp_ln N D"
    p.source("encoder.", "positional_embedding P 1500 D; conv1 C1 D 80 3; conv2 C1 D D 3")
    for i in range(depth):
        p.source(f"encoder.blocks.{i}.", half + mlp)
    p.source("encoder.", "ln_post N D")
    p.source("decoder.", "positional_embedding P 448 D; token_embedding E W D")
    for i in range(depth):
        p.source(f"decoder.blocks.{i}.", half + cross + mlp)
    p.source("decoder.", "ln N D")
    heads = lambda t, s: f"{t}.k_proj = {s}.key; {t}.v_proj = {s}.value; {t}.q_proj = {s}.query; {t}.out_proj = {s}.out;"
    rest = "fc1 = {o}mlp.0; fc2 = {o}mlp.2; final_layer_norm = {o}mlp_ln"
    p.target("model.encoder.", "conv1 = encoder.conv1; conv2 = encoder.conv2; embed_positions.weight = encoder.positional_embedding")
    for i in range(depth):
        o = f"encoder.blocks.{i}."
        p.target(f"model.encoder.layers.{i}.", heads("self_attn", o + "attn") + f"self_attn_layer_norm = {o}attn_ln;" + rest.format(o=o))
    p.target("model.", "encoder.layer_norm = encoder.ln_post; decoder.embed_tokens = decoder.token_embedding; decoder.embed_positions.weight = decoder.positional_embedding")
    for i in range(depth):
        o = f"decoder.blocks.{i}."
        p.target(f"model.decoder.layers.{i}.", heads("self_attn", o + "attn") + f"self_attn_layer_norm = {o}attn_ln;" + heads("encoder_attn", o + "cross_attn")
                 + f"encoder_attn_layer_norm = {o}cross_attn_ln;" + rest.format(o=o))
    p.target("", "model.decoder.layer_norm = decoder.ln; proj_out.weight = decoder.token_embedding.weight")
    return p


def mixtral_consolidated__hf(depth=2, D=512, F=1792, KV=128, experts=8, W=32000):
    p = Pair(D=D, F=F, KV=KV, W=W)
    p.source("", "tok_embeddings E W D")
    for i in range(depth):
        p.source(f"layers.{i}.", "attention.wq Lb D D; attention.wk Lb KV D; attention.wv Lb KV D; attention.wo Lb D D; attention_norm Nw D; ffn_norm Nw D; feed_forward.gate Lb 8 D")
        for e in range(experts):
            p.source(f"layers.{i}.feed_forward.experts.{e}.", "w1 Lb F D; w2 Lb D F; w3 Lb F D")
    p.source("", "norm Nw D; output Lb W D")
    p.target("model.", "embed_tokens = tok_embeddings")
    for i in range(depth):
        o = f"layers.{i}."
        p.target(f"model.layers.{i}.", f"self_attn.q_proj = {o}attention.wq; self_attn.k_proj = {o}attention.wk; self_attn.v_proj = {o}attention.wv; self_attn.o_proj = {o}attention.wo; block_sparse_moe.gate = {o}feed_forward.gate")
        for e in range(experts):
            p.target(f"model.layers.{i}.block_sparse_moe.experts.{e}.", "w1 = w1; w2 = w2; w3 = w3".replace("= ", f"= {o}feed_forward.experts.{e}."))
        p.target(f"model.layers.{i}.", f"input_layernorm = {o}attention_norm; post_attention_layernorm = {o}ffn_norm")
    p.target("", "model.norm = norm; lm_head = output")
    return p


def neox_pipeline__hf(depth=3, D=512, F=2048, W=50432):
    """numbering of a pipeline: embedding is layer 0, blocks begin at 2"""
    p = Pair(D=D, F=F, W=W)
    p.source("sequential.0.", "word_embeddings E W D")
    for i in range(depth):
        p.source(f"sequential.{i + 2}.", "input_layernorm N D; attention.query_key_value L 3*D D; attention.rotary_emb.inv_freq P 8; attention.dense L D D; post_attention_layernorm N D; mlp.dense_h_to_4h L F D; mlp.dense_4h_to_h L D F")
    p.source(f"sequential.{depth + 3}.", "norm N D")
    p.source(f"sequential.{depth + 4}.", "final_linear Lb W D")
    p.target("gpt_neox.", "embed_in = sequential.0.word_embeddings")
    for i in range(depth):
        o = f"sequential.{i + 2}."
        p.target(f"gpt_neox.layers.{i}.", f"input_layernorm = {o}input_layernorm; post_attention_layernorm = {o}post_attention_layernorm; attention.bias = ? 1 1 2048 2048; attention.masked_bias = ?; attention.rotary_emb.inv_freq = {o}attention.rotary_emb.inv_freq; attention.query_key_value = {o}attention.query_key_value; attention.dense = {o}attention.dense; mlp.dense_h_to_4h = {o}mlp.dense_h_to_4h; mlp.dense_4h_to_h = {o}mlp.dense_4h_to_h")
    p.target("", f"gpt_neox.final_layer_norm = sequential.{depth + 3}.norm; embed_out = sequential.{depth + 4}.final_linear")
    return p


def roberta_fairseq__hf(depth=3, D=384, F=1536, W=50265):
    p = Pair(D=D, F=F, W=W)
    e = "decoder.sentence_encoder."
    p.source(e, "embed_tokens E W D; embed_positions E 514 D")
    for i in range(depth):
        p.source(f"{e}layers.{i}.", "self_attn.k_proj L D D; self_attn.v_proj L D D; self_attn.q_proj L D D; self_attn.out_proj L D D; self_attn_layer_norm N D; fc1 L F D; fc2 L D F; final_layer_norm N D")
    p.source("", f"{e}emb_layer_norm N D; decoder.lm_head.weight P W D; decoder.lm_head.bias P W; decoder.lm_head.dense L D D; decoder.lm_head.layer_norm N D")
    p.target("roberta.embeddings.", f"position_ids = ? 1 514; word_embeddings = {e}embed_tokens; position_embeddings = {e}embed_positions; token_type_embeddings.weight = ? 1 D; LayerNorm = {e}emb_layer_norm")
    for i in range(depth):
        o = f"{e}layers.{i}."
        p.target(f"roberta.encoder.layer.{i}.", f"attention.self.query = {o}self_attn.q_proj; attention.self.key = {o}self_attn.k_proj; attention.self.value = {o}self_attn.v_proj; attention.output.dense = {o}self_attn.out_proj; attention.output.LayerNorm = {o}self_attn_layer_norm; intermediate.dense = {o}fc1; output.dense = {o}fc2; output.LayerNorm = {o}final_layer_norm")
    p.target("lm_head.", "bias = decoder.lm_head.bias; dense = decoder.lm_head.dense; layer_norm = decoder.lm_head.layer_norm; decoder.weight = decoder.lm_head.weight; decoder.bias = decoder.lm_head.bias")
    for pair in p.pairs:
        if pair["sources"] in (["decoder.lm_head.weight"], [e + "embed_tokens.weight"]):
            pair["alternatives"] = [["decoder.lm_head.weight"], [e + "embed_tokens.weight"]]
    return p


def sd_unet_ldm__diffusers(M=64, C=96, levels=(1, 2, 4, 4)):
    """interleaved Sequential of resnets, attentions and samplers against down_blocks.i.resnets.j"""
    p = Pair(M=M, C=C, T=4 * M)
    d, m = "model.diffusion_model.", {}
    p.source(d, "time_embed.0 L T M; time_embed.2 L T T")

    def res(name, i, o):
        p.env.update(i=i, o=o)
        p.source(d + name, ".in_layers.0 N i; .in_layers.2 C o i 3; .emb_layers.1 L o T; .out_layers.0 N o; .out_layers.3 C o o 3")
        if i != o:
            p.source(d + name, ".skip_connection C o i 1")

    def res_to(t, name):
        f = d + name
        p.target(t, f".norm1 = {f}.in_layers.0; .conv1 = {f}.in_layers.2; .time_emb_proj = {f}.emb_layers.1; .norm2 = {f}.out_layers.0; .conv2 = {f}.out_layers.3")
        if f + ".skip_connection.weight" in p.s:
            p.target(t, f".conv_shortcut = {f}.skip_connection")

    def attention(name, w):
        p.env.update(w=w)
        p.source(d + name, ".norm N w; .proj_in C w w 1")
        b = d + name + ".transformer_blocks.0."
        p.source(b, "attn1.to_q Lb w w; attn1.to_k Lb w w; attn1.to_v Lb w w; attn1.to_out.0 L w w; ff.net.0.proj L 8*w w; ff.net.2 L w 4*w; attn2.to_q Lb w w; attn2.to_k Lb w C; attn2.to_v Lb w C; attn2.to_out.0 L w w; norm1 N w; norm2 N w; norm3 N w")
        p.source(d + name, ".proj_out C w w 1")

    def attention_to(t, name):
        f = d + name
        b = ".transformer_blocks.0."
        p.target(t, f".norm = {f}.norm; .proj_in = {f}.proj_in")
        p.target(t + b, "; ".join(f"{x} = {f}{b}{x}" for x in "norm1 attn1.to_q attn1.to_k attn1.to_v attn1.to_out.0 norm2 attn2.to_q attn2.to_k attn2.to_v attn2.to_out.0 norm3 ff.net.0.proj ff.net.2".split()))
        p.target(t, f".proj_out = {f}.proj_out")

    p.source(d, "input_blocks.0.0 C M 4 3")
    n, width, skips, down, up = 1, M, [M], [], []
    for l, mult in enumerate(levels):
        for r in range(2):
            res(f"input_blocks.{n}.0", width, mult * M)
            down.append((l, r, f"input_blocks.{n}.0", f"input_blocks.{n}.1" if l < 3 else None))
            if l < 3:
                attention(f"input_blocks.{n}.1", mult * M)
            width = mult * M
            skips.append(width)
            n += 1
        if l < 3:
            p.env.update(w=width)
            p.source(d, f"input_blocks.{n}.0.op C w w 3")
            down.append((l, -1, f"input_blocks.{n}.0.op", None))
            skips.append(width)
            n += 1
    res("middle_block.0", width, width)
    attention("middle_block.1", width)
    res("middle_block.2", width, width)
    n = 0
    for l, mult in reversed(list(enumerate(levels))):
        for r in range(3):
            res(f"output_blocks.{n}.0", width + skips.pop(), mult * M)
            width = mult * M
            if l < 3:
                attention(f"output_blocks.{n}.1", width)
            up.append((3 - l, r, f"output_blocks.{n}.0", f"output_blocks.{n}.1" if l < 3 else None))
            if l and r == 2:
                k = 2 if l < 3 else 1
                p.source(d, f"output_blocks.{n}.{k}.conv C {width} {width} 3")
                up.append((3 - l, -1, f"output_blocks.{n}.{k}.conv", None))
            n += 1
    p.source(d, "out.0 N M; out.2 C 4 M 3")
    p.target("", f"conv_in = {d}input_blocks.0.0; time_embedding.linear_1 = {d}time_embed.0; time_embedding.linear_2 = {d}time_embed.2")

    def blocks(which, where, sampler):
        for l in range(4):
            mine = [x for x in where if x[0] == l]
            for _, r, _, a in mine:
                if a:
                    attention_to(f"{which}.{l}.attentions.{r}", a)
            for _, r, name, _ in mine:
                if r >= 0:
                    res_to(f"{which}.{l}.resnets.{r}", name)
            for _, r, name, _ in mine:
                if r < 0:
                    p.target(f"{which}.{l}.{sampler}.0.conv", f" = {d}{name}")

    blocks("down_blocks", down, "downsamplers")
    blocks("up_blocks", up, "upsamplers")
    attention_to("mid_block.attentions.0", "middle_block.1")
    res_to("mid_block.resnets.0", "middle_block.0")
    res_to("mid_block.resnets.1", "middle_block.2")
    p.target("", f"conv_norm_out = {d}out.0; conv_out = {d}out.2")
    return p


def vgg16_tv__timm():
    p = Pair()
    n, inner = 0, 3
    for w in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        if w:
            p.source("", f"features.{n} C {w} {inner} 3")
            p.target("", f"features.{n} = features.{n}")
            inner = w
        n += 2 if w else 1
    p.source("", "classifier.0 L 4096 25088; classifier.3 L 4096 4096; classifier.6 L 1000 4096")
    p.target("", "pre_logits.fc1 = classifier.0 as 4096 512 7 7; pre_logits.fc2 = classifier.3 as 4096 4096 1 1; head.fc = classifier.6")
    return p


def esrgan_old__new(blocks=4, W=64, G=32):
    """a Sequential of Sequentials, where activations take numbers"""
    p = Pair(W=W, G=G)
    p.source("", "model.0 C W 3 3")
    for b in range(blocks):
        for r in (1, 2, 3):
            for c in range(1, 6):
                p.source(f"model.1.sub.{b}.RDB{r}.conv{c}.", f"0 C {'G' if c < 5 else 'W'} W+{c - 1}*G 3")
    p.source("", f"model.1.sub.{blocks} C W W 3; model.3 C W W 3; model.6 C W W 3; model.8 C W W 3; model.10 C 3 W 3")
    p.target("", "conv_first = model.0")
    for b in range(blocks):
        for r in (1, 2, 3):
            for c in range(1, 6):
                p.target("", f"body.{b}.rdb{r}.conv{c} = model.1.sub.{b}.RDB{r}.conv{c}.0")
    p.target("", f"conv_body = model.1.sub.{blocks}; conv_up1 = model.3; conv_up2 = model.6; conv_hr = model.8; conv_last = model.10")
    return p


def hubert_fairseq__hf(depth=3, D=384, F=1536):
    p = Pair(D=D, F=F)
    p.source("", "mask_emb P D; label_embs_concat P 504 256; feature_extractor.conv_layers.0.0 C1b 512 1 10; feature_extractor.conv_layers.0.2 N 512")
    for i in range(1, 7):
        p.source("", f"feature_extractor.conv_layers.{i}.0 C1b 512 512 {3 if i < 5 else 2}")
    p.source("", "post_extract_proj L D 512; encoder.pos_conv.0.bias P D; encoder.pos_conv.0.weight_g P 1 1 128; encoder.pos_conv.0.weight_v P D D//16 128")
    for i in range(depth):
        p.source(f"encoder.layers.{i}.", "self_attn.k_proj L D D; self_attn.v_proj L D D; self_attn.q_proj L D D; self_attn.out_proj L D D; self_attn_layer_norm N D; fc1 L F D; fc2 L D F; final_layer_norm N D")
    p.source("", "encoder.layer_norm N D; layer_norm N 512; final_proj L 256 D")
    p.target("", "masked_spec_embed = mask_emb; feature_extractor.conv_layers.0.conv = feature_extractor.conv_layers.0.0; feature_extractor.conv_layers.0.layer_norm = feature_extractor.conv_layers.0.2")
    for i in range(1, 7):
        p.target("", f"feature_extractor.conv_layers.{i}.conv = feature_extractor.conv_layers.{i}.0")
    p.target("", "feature_projection.layer_norm = layer_norm; feature_projection.projection = post_extract_proj")
    c = "encoder.pos_conv_embed.conv."
    p.target(c, "bias = encoder.pos_conv.0.bias; parametrizations.weight.original0 = encoder.pos_conv.0.weight_g; parametrizations.weight.original1 = encoder.pos_conv.0.weight_v")
    p.target("", "encoder.layer_norm = encoder.layer_norm")
    for i in range(depth):
        o = f"encoder.layers.{i}."
        p.target(f"encoder.layers.{i}.", f"attention.k_proj = {o}self_attn.k_proj; attention.v_proj = {o}self_attn.v_proj; attention.q_proj = {o}self_attn.q_proj; attention.out_proj = {o}self_attn.out_proj; layer_norm = {o}self_attn_layer_norm; feed_forward.intermediate_dense = {o}fc1; feed_forward.output_dense = {o}fc2; final_layer_norm = {o}final_layer_norm")
    return p


def maskrcnn_d2__tv(depths=(3, 4, 6, 3)):
    """frozen norms nested in convolutions; laterals and outputs in a list"""
    p = Pair()
    frozen = lambda name, w: f"{name}.weight P {w}; {name}.bias P {w}; {name}.running_mean P {w}; {name}.running_var P {w}"
    p.source("backbone.", "; ".join(f"fpn_lateral{l} C 256 {2 ** (l + 6)} 1; fpn_output{l} C 256 256 3" for l in (2, 3, 4, 5)))
    b = "backbone.bottom_up."
    p.source(b, "stem.conv1 Cb 64 3 7;" + frozen("stem.conv1.norm", 64))
    inner = 64
    for s, n in enumerate(depths):
        w = 64 * 2 ** s
        for k in range(n):
            r = f"res{s + 2}.{k}."
            if k == 0:
                p.source(b + r, f"shortcut Cb {4 * w} {inner} 1;" + frozen("shortcut.norm", 4 * w))
            for c, (o, i, z) in enumerate(((w, inner, 1), (w, w, 3), (4 * w, w, 1)), 1):
                p.source(b + r, f"conv{c} Cb {o} {i} {z};" + frozen(f"conv{c}.norm", o))
            inner = 4 * w
    p.source("proposal_generator.rpn_head.", "conv C 256 256 3; objectness_logits C 3 256 1; anchor_deltas C 12 256 1")
    p.source("roi_heads.", "box_head.fc1 L 1024 12544; box_head.fc2 L 1024 1024; box_predictor.cls_score L 81 1024; box_predictor.bbox_pred L 320 1024")
    p.source("roi_heads.mask_head.", "mask_fcn1 C 256 256 3; mask_fcn2 C 256 256 3; mask_fcn3 C 256 256 3; mask_fcn4 C 256 256 3; deconv C 256 256 2; predictor C 80 256 1")

    def frozen_to(t, s):
        p.target("", "; ".join(f"{t}.{x} = {s}.{x}" for x in ("weight", "bias", "running_mean", "running_var")))

    y = "backbone.body."
    p.target("", f"{y}conv1.weight = {b}stem.conv1.weight")
    frozen_to(y + "bn1", b + "stem.conv1.norm")
    for s, n in enumerate(depths):
        for k in range(n):
            t, o = f"{y}layer{s + 1}.{k}.", f"{b}res{s + 2}.{k}."
            for c in (1, 2, 3):
                p.target("", f"{t}conv{c}.weight = {o}conv{c}.weight")
                frozen_to(f"{t}bn{c}", f"{o}conv{c}.norm")
            if k == 0:
                p.target("", f"{t}downsample.0.weight = {o}shortcut.weight")
                frozen_to(f"{t}downsample.1", f"{o}shortcut.norm")
    for kind, name in (("inner_blocks", "fpn_lateral"), ("layer_blocks", "fpn_output")):
        for l in range(4):
            p.target("", f"backbone.fpn.{kind}.{l}.0 = backbone.{name}{l + 2}")
    p.target("rpn.head.", "conv.0.0 = conv; cls_logits = objectness_logits; bbox_pred = anchor_deltas", "proposal_generator.rpn_head.")
    p.target("roi_heads.", "box_head.fc6 = box_head.fc1; box_head.fc7 = box_head.fc2; box_predictor.cls_score = box_predictor.cls_score; box_predictor.bbox_pred = box_predictor.bbox_pred", "roi_heads.")
    for l in range(4):
        p.target("", f"roi_heads.mask_head.{l}.0 = roi_heads.mask_head.mask_fcn{l + 1}")
    p.target("roi_heads.mask_predictor.", "conv5_mask = deconv; mask_fcn_logits = predictor", "roi_heads.mask_head.")
    return p


def vit_flax__timm(depth=4, D=192, F=768, heads=3):
    """numbered modules of Flax, attention kernels in × heads × size"""
    p = Pair(D=D, F=F, H=heads, S=D // heads)
    p.separator = "/"
    p.source("", "cls P 1 1 D")
    p.put("Transformer/posembed_input/pos_embedding", 1, 197, D)
    p.source("", "embedding K 16 16 3 D")
    e = "Transformer/encoderblock_{}/"
    for i in range(depth):
        p.source(e.format(i), "LayerNorm_0 S D; LayerNorm_2 S D; MlpBlock_3/Dense_0 K D F; MlpBlock_3/Dense_1 K F D")
        for part in ("key", "out", "query", "value"):
            a = e.format(i) + "MultiHeadDotProductAttention_1/" + part
            p.put(a + "/kernel", *([heads, D // heads, D] if part == "out" else [D, heads, D // heads]))
            p.put(a + "/bias", *([D] if part == "out" else [heads, D // heads]))
    p.source("", "Transformer/encoder_norm S D; head K D 1000")
    p.s = dict(sorted(p.s.items()))
    p.target("", "cls_token = cls; pos_embed = Transformer/posembed_input/pos_embedding")
    p.target("", "patch_embed.proj = embedding")
    for i in range(depth):
        o, t = e.format(i), f"blocks.{i}."
        a = o + "MultiHeadDotProductAttention_1/"
        p.target(t, f"norm1 = {o}LayerNorm_0")
        kernels, biases = [a + x + "/kernel" for x in ("query", "key", "value")], [a + x + "/bias" for x in ("query", "key", "value")]
        flat = [{"op": "reshape", "shape": [D, D]}, {"op": "transpose", "dims": [1, 0]}]
        p.set(t + "attn.qkv.weight", [3 * D, D], kernels, "chain", {"pre": [flat, flat, flat], "steps": [{"op": "concat", "dim": 0}]})
        p.set(t + "attn.qkv.bias", [3 * D], biases, "chain", {"pre": [[{"op": "reshape", "shape": [D]}]] * 3, "steps": [{"op": "concat", "dim": 0}]})
        p.set(t + "attn.proj.weight", [D, D], [a + "out/kernel"], "chain", {"steps": flat})
        p.set(t + "attn.proj.bias", [D], [a + "out/bias"])
        p.target(t, f"norm2 = {o}LayerNorm_2; mlp.fc1 = {o}MlpBlock_3/Dense_0; mlp.fc2 = {o}MlpBlock_3/Dense_1")
    p.target("", "norm = Transformer/encoder_norm; head = head")
    return p


def dino_teacher__timm(depth=4, D=192, F=768):
    """student and teacher in one file"""
    p = Pair(D=D, F=F)
    for side, prefix in (("student", "student.module.backbone."), ("teacher", "teacher.backbone.")):
        p.source(prefix, "cls_token P 1 1 D; pos_embed P 1 197 D; patch_embed.proj C D 3 16")
        for i in range(depth):
            p.source(f"{prefix}blocks.{i}.", "norm1 N D; attn.qkv L 3*D D; attn.proj L D D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F")
        p.source(prefix, "norm N D")
        p.source(prefix.replace("backbone.", "head."), "mlp.0 L 2048 D; mlp.2 L 2048 2048; mlp.4 L 256 2048; last_layer.weight_g P 65536 1; last_layer.weight_v P 65536 256")
    for k in list(p.s):
        if k.startswith("student.module.backbone."):
            name = k[len("student.module.backbone."):]
            p.set(name, p.s[k], [k])
            p.pairs[-1]["alternatives"] = [["teacher.backbone." + name]]
    p.target("", "head.weight = ? 1000 D; head.bias = ? 1000")
    return p


PAIRS = table(blip_salesforce__hf, swin_timm__hf, detr_fb__hf, whisper_openai__hf, mixtral_consolidated__hf, neox_pipeline__hf, roberta_fairseq__hf,
              sd_unet_ldm__diffusers, vgg16_tv__timm, esrgan_old__new, hubert_fairseq__hf, maskrcnn_d2__tv, vit_flax__timm, dino_teacher__timm)
