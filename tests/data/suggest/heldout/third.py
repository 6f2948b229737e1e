# SPDX-License-Identifier: GPL-3.0-or-later
"""Families that neither develop.py nor second.py has. Written down after the matcher, and first measured blind: mean share of exactly right
target keys 86.5 %, of 514 suggestions at confidence >= 0.9 41 wrong (a decoder that counts its levels from the other end, a square kernel).
Same form as develop.py."""
from describe import Pair, table


def rwkv_blinkdl__hf(depth=4, D=256, F=1024, W=8192):
    p = Pair(D=D, F=F, W=W)
    p.source("", "emb E W D")
    for i in range(depth):
        p.source(f"blocks.{i}.", "ln1 N D; ln2 N D;" + ("ln0 N D;" if i == 0 else "")
                 + """att.time_decay P D; att.time_first P D; att.time_mix_k P 1 1 D; att.time_mix_v P 1 1 D; att.time_mix_r P 1 1 D; att.key Lb D D; att.value Lb D D;
                 att.receptance Lb D D; att.output Lb D D; ffn.time_mix_k P 1 1 D; ffn.time_mix_r P 1 1 D; ffn.key Lb F D; ffn.receptance Lb D D; ffn.value Lb D F""")
    p.source("", "ln_out N D; head Lb W D")
    p.target("rwkv.", "embeddings = emb")
    for i in range(depth):
        p.target(f"rwkv.blocks.{i}.", ("pre_ln = @ln0;" if i == 0 else "").replace("@", f"blocks.{i}.") + """ln1 = @ln1; ln2 = @ln2; attention.time_decay = @att.time_decay;
            attention.time_first = @att.time_first; attention.time_mix_key = @att.time_mix_k; attention.time_mix_value = @att.time_mix_v; attention.time_mix_receptance = @att.time_mix_r;
            attention.key = @att.key; attention.value = @att.value; attention.receptance = @att.receptance; attention.output = @att.output;
            feed_forward.time_mix_key = @ffn.time_mix_k; feed_forward.time_mix_receptance = @ffn.time_mix_r; feed_forward.key = @ffn.key; feed_forward.receptance = @ffn.receptance;
            feed_forward.value = @ffn.value""".replace("@", f"blocks.{i}."))
    p.target("", "rwkv.ln_out = ln_out; head = head")
    return p


def flux_bfl__diffusers(depth=3, D=192, F=768, H=48):
    """two streams; one matrix for attention and feed-forward; the last modulation's halves change places"""
    p = Pair(D=D, F=F, H=H)
    p.source("", "img_in L D 64; time_in.in_layer L D 256; time_in.out_layer L D D; vector_in.in_layer L D 512; vector_in.out_layer L D D; guidance_in.in_layer L D 256; guidance_in.out_layer L D D; txt_in L D 1024")
    for i in range(depth):
        for s in ("img", "txt"):
            p.source(f"double_blocks.{i}.{s}_", "mod.lin L 6*D D; attn.qkv L 3*D D; attn.norm.query_norm.scale P H; attn.norm.key_norm.scale P H; attn.proj L D D; mlp.0 L F D; mlp.2 L D F")
    for i in range(depth):
        p.source(f"single_blocks.{i}.", "linear1 L 3*D+F D; linear2 L D D+F; norm.query_norm.scale P H; norm.key_norm.scale P H; modulation.lin L 3*D D")
    p.source("final_layer.", "linear L 64 D; adaLN_modulation.1 L 2*D D")
    p.target("time_text_embed.", """timestep_embedder.linear_1 = time_in.in_layer; timestep_embedder.linear_2 = time_in.out_layer; guidance_embedder.linear_1 = guidance_in.in_layer;
        guidance_embedder.linear_2 = guidance_in.out_layer; text_embedder.linear_1 = vector_in.in_layer; text_embedder.linear_2 = vector_in.out_layer""")
    p.target("", "context_embedder = txt_in; x_embedder = img_in")
    for i in range(depth):
        b = f"double_blocks.{i}."
        p.target(f"transformer_blocks.{i}.", """norm1.linear = @img_mod.lin; norm1_context.linear = @txt_mod.lin; attn.norm_q.weight = @img_attn.norm.query_norm.scale; attn.norm_k.weight = @img_attn.norm.key_norm.scale;
            attn.to_q = @img_attn.qkv[0/3]; attn.to_k = @img_attn.qkv[1/3]; attn.to_v = @img_attn.qkv[2/3]; attn.add_k_proj = @txt_attn.qkv[1/3]; attn.add_v_proj = @txt_attn.qkv[2/3]; attn.add_q_proj = @txt_attn.qkv[0/3];
            attn.to_out.0 = @img_attn.proj; attn.to_add_out = @txt_attn.proj; attn.norm_added_q.weight = @txt_attn.norm.query_norm.scale; attn.norm_added_k.weight = @txt_attn.norm.key_norm.scale;
            ff.net.0.proj = @img_mlp.0; ff.net.2 = @img_mlp.2; ff_context.net.0.proj = @txt_mlp.0; ff_context.net.2 = @txt_mlp.2""".replace("@", b))
    for i in range(depth):
        b, t = f"single_blocks.{i}.", f"single_transformer_blocks.{i}."
        p.target(t, f"norm.linear = {b}modulation.lin")
        at = {"attn.to_q": 0, "attn.to_k": D, "attn.to_v": 2 * D, "proj_mlp": 3 * D}
        for name in ("proj_mlp", "attn.to_q", "attn.to_k", "attn.to_v"):
            size = F if name == "proj_mlp" else D
            for leaf, shape in (("weight", [size, D]), ("bias", [size])):
                p.set(f"{t}{name}.{leaf}", shape, [f"{b}linear1.{leaf}"], "split", {"dim": 0, "start": at[name], "size": size})
            if name == "proj_mlp":
                p.target(t, f"proj_out = {b}linear2; attn.norm_q.weight = {b}norm.query_norm.scale; attn.norm_k.weight = {b}norm.key_norm.scale")
    for leaf, shape in (("weight", [2 * D, D]), ("bias", [2 * D])):
        source = f"final_layer.adaLN_modulation.1.{leaf}"
        swapped = [{"op": "reshape", "shape": [2, D, *shape[1:]]}]
        p.set(f"norm_out.linear.{leaf}", shape, [source], "chain", {"swapped_halves": True, "steps": swapped + [{"op": "flip", "dim": 0}, {"op": "reshape", "shape": shape}]})
    p.target("", "proj_out = final_layer.linear")
    return p


def dinov3_fb__hf(depth=4, D=192, F=768):
    """a fused bias of which the middle third means nothing; registers"""
    p = Pair(D=D, F=F)
    p.source("", "cls_token P 1 1 D; storage_tokens P 1 4 D; mask_token P 1 D; patch_embed.proj C D 3 16; rope_embed.periods P 16")
    for i in range(depth):
        p.source(f"blocks.{i}.", "norm1 N D; attn.qkv L 3*D D; attn.qkv.bias_mask P 3*D; attn.proj L D D; ls1.gamma P D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F; ls2.gamma P D")
    p.source("", "norm N D")
    p.target("embeddings.", "cls_token = cls_token; mask_token = ? 1 1 D; register_tokens = storage_tokens; patch_embeddings = patch_embed.proj")
    p.t.pop("embeddings.mask_token", None)
    p.set("embeddings.mask_token", [1, 1, D], ["mask_token"], "reshape", {"shape": [1, 1, D]})
    for i in range(depth):
        b, t = f"blocks.{i}.", f"layer.{i}."
        p.target(t, f"norm1 = {b}norm1")
        for n, name in enumerate("qkv"):
            for leaf in ("weight", "bias"):
                if (name, leaf) != ("k", "bias"):
                    p.target(t, f"attention.{name}_proj.{leaf} = {b}attn.qkv.{leaf}[{n}/3]")
        p.target(t, "attention.o_proj = @attn.proj; layer_scale1.lambda1 = @ls1.gamma; norm2 = @norm2; mlp.up_proj = @mlp.fc1; mlp.down_proj = @mlp.fc2; layer_scale2.lambda1 = @ls2.gamma".replace("@", b))
    p.target("", "norm = norm")
    return p


def bert_tf__hf(depth=4, D=256, F=1024, W=30522):
    p = Pair(D=D, F=F, W=W)
    p.separator = "/"
    p.source("bert/embeddings/", "LayerNorm G D; position_embeddings P 512 D; token_type_embeddings P 2 D; word_embeddings P W D")
    for i in range(depth):
        p.source(f"bert/encoder/layer_{i}/", "attention/output/LayerNorm G D; attention/output/dense K D D; attention/self/key K D D; attention/self/query K D D; attention/self/value K D D; intermediate/dense K D F; output/LayerNorm G D; output/dense K F D")
    p.source("", "bert/pooler/dense K D D; cls/predictions/output_bias P W; cls/predictions/transform/LayerNorm G D; cls/predictions/transform/dense K D D; cls/seq_relationship/output_bias P 2; cls/seq_relationship/output_weights P 2 D; global_step P")
    p.s = dict(sorted(p.s.items()))
    p.target("bert.embeddings.", "word_embeddings.weight = bert/embeddings/word_embeddings; position_embeddings.weight = bert/embeddings/position_embeddings; token_type_embeddings.weight = bert/embeddings/token_type_embeddings; LayerNorm = bert/embeddings/LayerNorm")
    for i in range(depth):
        p.target(f"bert.encoder.layer.{i}.", "; ".join(f"{x} = bert/encoder/layer_{i}/{x.replace('.', '/')}" for x in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm")))
    p.target("", "bert.pooler.dense = bert/pooler/dense; cls.predictions.bias = cls/predictions/output_bias; cls.predictions.transform.dense = cls/predictions/transform/dense; cls.predictions.transform.LayerNorm = cls/predictions/transform/LayerNorm")
    p.target("", "cls.predictions.decoder.weight = bert/embeddings/word_embeddings; cls.predictions.decoder.bias = cls/predictions/output_bias; cls.seq_relationship.weight = cls/seq_relationship/output_weights; cls.seq_relationship.bias = cls/seq_relationship/output_bias")
    return p


def musicgen_audiocraft__hf(depth=3, D=256, F=1024, W=2048):
    """a list of embeddings and one of heads"""
    p = Pair(D=D, F=F, W=W)
    p.source("", "condition_provider.conditioners.description.output_proj L D 512")
    p.source("", "; ".join(f"emb.{k} E W+1 D" for k in range(4)))
    for i in range(depth):
        p.source(f"transformer.layers.{i}.", "self_attn.in_proj_weight P 3*D D; self_attn.out_proj Lb D D; linear1 Lb F D; linear2 Lb D F; norm1 N D; norm2 N D; cross_attention.in_proj_weight P 3*D D; cross_attention.out_proj Lb D D; norm_cross N D")
    p.source("", "out_norm N D;" + "; ".join(f"linears.{k} Lb W D" for k in range(4)))
    t = "decoder.model.decoder."
    p.target("", "; ".join(f"{t}embed_tokens.{k} = emb.{k}" for k in range(4)))
    for i in range(depth):
        b = f"transformer.layers.{i}."
        parts = lambda name, origin: "; ".join(f"{name}.{x}_proj.weight = {b}{origin}.in_proj_weight[{n}/3]" for n, x in enumerate("qkv")) + f"; {name}.out_proj = {b}{origin}.out_proj;"
        p.target(f"{t}layers.{i}.", parts("self_attn", "self_attn") + f"self_attn_layer_norm = {b}norm1;" + parts("encoder_attn", "cross_attention")
                 + f"encoder_attn_layer_norm = {b}norm_cross; fc1 = {b}linear1; fc2 = {b}linear2; final_layer_norm = {b}norm2")
    p.target("", f"{t}layer_norm = out_norm; " + "; ".join(f"decoder.lm_heads.{k} = linears.{k}" for k in range(4)))
    p.target("", "enc_to_dec_proj = condition_provider.conditioners.description.output_proj")
    return p


def llama_hf__gguf(depth=4, D=256, F=704, KV=64, W=8192):
    p = Pair(D=D, F=F, KV=KV, W=W)
    p.source("", "model.embed_tokens E W D")
    for i in range(depth):
        p.source(f"model.layers.{i}.", "self_attn.q_proj Lb D D; self_attn.k_proj Lb KV D; self_attn.v_proj Lb KV D; self_attn.o_proj Lb D D; mlp.gate_proj Lb F D; mlp.up_proj Lb F D; mlp.down_proj Lb D F; input_layernorm Nw D; post_attention_layernorm Nw D")
    p.source("", "model.norm Nw D; lm_head Lb W D")
    p.target("", "token_embd = model.embed_tokens; rope_freqs.weight = ? 16")
    for i in range(depth):
        p.target(f"blk.{i}.", "attn_norm = @input_layernorm; ffn_down = @mlp.down_proj; ffn_gate = @mlp.gate_proj; ffn_up = @mlp.up_proj; ffn_norm = @post_attention_layernorm; attn_k = @self_attn.k_proj; attn_output = @self_attn.o_proj; attn_q = @self_attn.q_proj; attn_v = @self_attn.v_proj".replace("@", f"model.layers.{i}."))
    p.target("", "output_norm = model.norm; output = lm_head")
    return p


def vit_timm__mmpretrain(depth=4, D=192, F=768):
    p = Pair(D=D, F=F)
    p.source("", "cls_token P 1 1 D; pos_embed P 1 197 D; patch_embed.proj C D 3 16")
    for i in range(depth):
        p.source(f"blocks.{i}.", "norm1 N D; attn.qkv L 3*D D; attn.proj L D D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F")
    p.source("", "norm N D; head L 1000 D")
    p.target("backbone.", "cls_token = cls_token; pos_embed = pos_embed; patch_embed.projection = patch_embed.proj")
    for i in range(depth):
        p.target(f"backbone.layers.{i}.", "ln1 = @norm1; attn.qkv = @attn.qkv; attn.proj = @attn.proj; ln2 = @norm2; ffn.layers.0.0 = @mlp.fc1; ffn.layers.1 = @mlp.fc2".replace("@", f"blocks.{i}."))
    p.target("", "backbone.ln1 = norm; head.layers.head = head")
    return p


def depth_anything__hf(depth=4, D=192, F=768, M=64):
    """a head that fuses four scales"""
    p = Pair(D=D, F=F, M=M)
    p.source("pretrained.", "cls_token P 1 1 D; pos_embed P 1 1370 D; mask_token P 1 D; patch_embed.proj C D 3 14")
    for i in range(depth):
        p.source(f"pretrained.blocks.{i}.", "norm1 N D; attn.qkv L 3*D D; attn.proj L D D; ls1.gamma P D; norm2 N D; mlp.fc1 L F D; mlp.fc2 L D F; ls2.gamma P D")
    p.source("pretrained.", "norm N D")
    h = "depth_head."
    widths = (48, 96, 192, 384)
    p.source(h, "; ".join(f"projects.{k} C {w} D 1" for k, w in enumerate(widths)))
    p.source(h, "resize_layers.0 C 48 48 4; resize_layers.1 C 96 96 2; resize_layers.3 C 384 384 3")
    p.source(h + "scratch.", "; ".join(f"layer{k + 1}_rn Cb M {w} 3" for k, w in enumerate(widths)))
    for k in range(1, 5):
        p.source(f"{h}scratch.refinenet{k}.", "out_conv C M M 1; resConfUnit1.conv1 C M M 3; resConfUnit1.conv2 C M M 3; resConfUnit2.conv1 C M M 3; resConfUnit2.conv2 C M M 3")
    p.source(h + "scratch.", "output_conv1 C 32 M 3; output_conv2.0 C 32 32 3; output_conv2.2 C 1 32 1")
    p.target("backbone.embeddings.", "cls_token = pretrained.cls_token; mask_token = pretrained.mask_token; position_embeddings = pretrained.pos_embed; patch_embeddings.projection = pretrained.patch_embed.proj")
    for i in range(depth):
        p.target(f"backbone.encoder.layer.{i}.", """norm1 = @norm1; attention.attention.query = @attn.qkv[0/3]; attention.attention.key = @attn.qkv[1/3]; attention.attention.value = @attn.qkv[2/3]; attention.output.dense = @attn.proj;
            layer_scale1.lambda1 = @ls1.gamma; norm2 = @norm2; mlp.fc1 = @mlp.fc1; mlp.fc2 = @mlp.fc2; layer_scale2.lambda1 = @ls2.gamma""".replace("@", f"pretrained.blocks.{i}."))
    p.target("backbone.", "layernorm = pretrained.norm")
    for k in range(4):
        p.target(f"neck.reassemble_stage.layers.{k}.", f"projection = {h}projects.{k}" + (f"; resize = {h}resize_layers.{k}" if k != 2 else ""))
    for k in range(4):
        p.target("neck.", f"convs.{k} = {h}scratch.layer{k + 1}_rn")
    for k in range(4):
        r = f"{h}scratch.refinenet{4 - k}."
        p.target(f"neck.fusion_stage.layers.{k}.", f"projection = {r}out_conv; residual_layer1.convolution1 = {r}resConfUnit1.conv1; residual_layer1.convolution2 = {r}resConfUnit1.conv2; residual_layer2.convolution1 = {r}resConfUnit2.conv1; residual_layer2.convolution2 = {r}resConfUnit2.conv2")
    p.target("head.", f"conv1 = {h}scratch.output_conv1; conv2 = {h}scratch.output_conv2.0; conv3 = {h}scratch.output_conv2.2")
    return p


PAIRS = table(rwkv_blinkdl__hf, flux_bfl__diffusers, dinov3_fb__hf, bert_tf__hf, musicgen_audiocraft__hf, llama_hf__gguf, vit_timm__mmpretrain, depth_anything__hf)
