# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what segment-anything's automatic mask generator finds with the demo's model: everything.json beside this file.

Needs segment_anything (facebookresearch/segment-anything) on PYTHONPATH, torch, torchvision, numpy, Pillow and OpenCV:
  PYTHONPATH=.../segment-anything python3 tests/data/runtime/record_everything.py
"""
import json
import pathlib
from functools import partial

import numpy as np
import torch
from PIL import Image
from segment_anything.automatic_mask_generator import SamAutomaticMaskGenerator
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

here = pathlib.Path(__file__).parent
demo = here.parents[2] / "resources" / "demo"

CASES = {
    "defaults but for the thresholds": dict(photo="coffee.jpg", points_per_side=12, pred_iou_thresh=0.05, stability_score_thresh=0.4),
    "another picture, strict overlap": dict(photo="toys.jpg", points_per_side=10, pred_iou_thresh=0.4, stability_score_thresh=0.5,
                                            stability_score_offset=0.5, box_nms_thresh=0.5),
    "small regions": dict(photo="pagoda.jpg", points_per_side=10, pred_iou_thresh=0.02, stability_score_thresh=0.3,
                          min_mask_region_area=400),
    "parts": dict(photo="toys.jpg", points_per_side=8, pred_iou_thresh=0.02, stability_score_thresh=0.3, crop_n_layers=1,
                  crop_n_points_downscale_factor=2, crop_nms_thresh=0.6),
}


def model():
    c = json.loads((demo / "config.json").read_text())
    encoder = ImageEncoderViT(
        depth=c["depth"], embed_dim=c["embed_dim"], img_size=c["img_size"], mlp_ratio=c["mlp_ratio"],
        norm_layer=partial(torch.nn.LayerNorm, eps=c["encoder_norm_eps"]), num_heads=c["num_heads"], patch_size=c["patch_size"],
        qkv_bias=c["qkv_bias"], use_rel_pos=c["use_rel_pos"], global_attn_indexes=c["global_attn_indexes"],
        window_size=c["window_size"], out_chans=c["out_chans"])
    prompts = PromptEncoder(embed_dim=c["prompt_embed_dim"], image_embedding_size=tuple(c["image_embedding_size"]),
                            input_image_size=(c["img_size"], c["img_size"]), mask_in_chans=c["mask_in_chans"])
    decoder = MaskDecoder(
        num_multimask_outputs=c["num_multimask_outputs"],
        transformer=TwoWayTransformer(depth=c["decoder_depth"], embedding_dim=c["prompt_embed_dim"], mlp_dim=c["decoder_mlp_dim"],
                                      num_heads=c["decoder_num_heads"], attention_downsample_rate=c["attention_downsample_rate"]),
        transformer_dim=c["prompt_embed_dim"], iou_head_depth=c["iou_head_depth"], iou_head_hidden_dim=c["iou_head_hidden_dim"])
    sam = Sam(encoder, prompts, decoder, pixel_mean=c["pixel_mean"], pixel_std=c["pixel_std"])
    sam.load_state_dict(torch.load(demo / "sam_tiny.pth"))
    return sam.eval()


def main():
    sam = model()
    recorded = {}
    for name, case in CASES.items():
        image = np.asarray(Image.open(demo / "photos" / case["photo"]).convert("RGB"))
        options = {key: value for key, value in case.items() if key != "photo"}
        masks = SamAutomaticMaskGenerator(sam, output_mode="uncompressed_rle", **options).generate(image)
        rows = [{"counts": m["segmentation"]["counts"], "area": int(m["area"]), "bbox": [int(v) for v in m["bbox"]],
                 "predicted_iou": m["predicted_iou"], "stability_score": m["stability_score"],
                 "point_coords": m["point_coords"][0], "crop_box": [int(v) for v in m["crop_box"]]} for m in masks]
        recorded[name] = {"photo": case["photo"], "options": options, "size": list(image.shape[:2]), "masks": rows}
        print(name, image.shape, len(rows), "masks")
    (here / "everything.json").write_text(json.dumps(recorded, separators=(",", ":")) + "\n")


main()
