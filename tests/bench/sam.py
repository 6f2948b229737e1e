# SPDX-License-Identifier: GPL-3.0-or-later
"""Rekey's SAM image encoder beside the Python original: time, peak memory and results of ViT-B at 1024×1024.

  PYTHONPATH=.../segment-anything python3 tests/bench/sam.py build/bin/bench-sam [--runs 3] [--model b]

Both sides read the same checkpoint of seeded random weights and the same picture, in processes of their own that take turns, with the same
number of threads and the same BLAS; the best time of each counts. Needs torch, numpy and Pillow, and facebookresearch/segment-anything on
PYTHONPATH with torchvision, which its package imports; without these it says so and ends.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SIZES = {"b": (768, 12, 12, [2, 5, 8, 11]), "l": (1024, 24, 16, [5, 11, 17, 23]), "h": (1280, 32, 16, [7, 15, 23, 31])}


def build(model):
    from functools import partial

    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
    width, depth, heads, blocks = SIZES[model]
    torch.manual_seed(0)
    sam = Sam(ImageEncoderViT(depth=depth, embed_dim=width, img_size=1024, mlp_ratio=4, num_heads=heads, patch_size=16, qkv_bias=True,
                              norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), use_rel_pos=True, global_attn_indexes=blocks,
                              window_size=14, out_chans=256),
              PromptEncoder(embed_dim=256, image_embedding_size=(64, 64), input_image_size=(1024, 1024), mask_in_chans=16),
              MaskDecoder(num_multimask_outputs=3, transformer_dim=256, iou_head_depth=3, iou_head_hidden_dim=256,
                          transformer=TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8)))
    with torch.no_grad():  # zeros at first, which would leave relative positions out of the comparison
        for name, parameter in sam.named_parameters():
            if "rel_pos" in name or "pos_embed" in name:
                parameter.normal_(std=0.05)
    return sam.eval()


def peak_mib():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def python_side(options):
    """In a process of its own: what segment_anything takes for the picture."""
    import numpy as np
    import torch
    from PIL import Image
    torch.set_num_threads(options.threads)
    sam = build(options.model)
    sam.load_state_dict(torch.load(options.checkpoint))
    pixels = np.asarray(Image.open(options.image).convert("RGB"))
    times, processor = [], []
    with torch.inference_mode():
        for _ in range(options.repetitions):
            start, used = time.perf_counter(), time.process_time()
            x = sam.preprocess(torch.as_tensor(pixels.transpose(2, 0, 1).copy()))[None]
            embedding = sam.image_encoder(x)
            times.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
    embedding.numpy().tofile(options.output)
    print(json.dumps({"seconds": times, "processor_seconds": processor, "peak_mib": peak_mib(), "threads": torch.get_num_threads()}))


def output_of(command, environment):
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def compare(options):
    try:
        import segment_anything.modeling  # noqa: F401
    except ImportError as error:
        print(f"skipped: this machine has no segment_anything to compare with ({error})")
        return
    import numpy as np
    import torch
    from PIL import Image
    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), OPENBLAS_NUM_THREADS=str(options.threads))
    if "avx512f" in pathlib.Path("/proc/cpuinfo").read_text():
        environment.setdefault("OPENBLAS_CORETYPE", "SkylakeX")  # as Rekey sets it for itself: an OpenBLAS older than the processor
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = pathlib.Path(name)
        torch.save(build(options.model).state_dict(), folder / "sam.pth")
        noise = np.random.default_rng(0).integers(0, 256, (43, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((1024, 683), Image.BICUBIC).save(folder / "picture.png")  # 1024 long: neither side resizes it
        common = ["--checkpoint", folder / "sam.pth", "--image", folder / "picture.png", "--model", options.model]
        best, embeddings, precisions = {}, {}, options.precisions.split(",")

        def note(side, result):
            seconds, processor, memory = best.get(side, (1e9, 1e9, 0))
            best[side] = (min(seconds, *result["seconds"]), min(processor, *result["processor_seconds"]), max(memory, result["peak_mib"]))
            embeddings[side] = np.fromfile(folder / "out.f32", dtype=np.float32)

        for _ in range(options.runs):
            note("original", output_of([sys.executable, __file__, "--side", *common, "--output", folder / "out.f32", "--repetitions", "2",
                                        "--threads", str(options.threads)], environment))
            for precision in list(precisions):
                try:
                    note(precision, output_of([options.bench, folder / "sam.pth", folder / "picture.png", folder / "out.f32", precision, "2"],
                                              environment))
                except subprocess.CalledProcessError as error:
                    print(f"{precision} is left out: {error.stderr.strip()}")
                    precisions.remove(precision)
    print(f"ViT-{options.model.upper()} at 1024×1024, {options.threads} threads, best of {2 * options.runs}, torch {torch.__version__}")
    print(f"{'':10}{'wall':>10}{'processor':>12}{'memory':>12}")
    row = lambda side: f"{side:10}{best[side][0]:8.2f} s{best[side][1]:10.2f} s{best[side][2]:8.0f} MiB"
    print(row("original"))
    expected = embeddings["original"]
    for precision in precisions:
        wall, processor, memory = (own / other for own, other in zip(best[precision], best["original"]))
        difference = np.abs(embeddings[precision] - expected).max()
        print(f"{row(precision)}   {wall:.2f}× the time, {processor:.2f}× the processor's time, {memory:.2f}× the memory; "
              f"largest difference {difference:.1e} of values to {np.abs(expected).max():.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="?", default="build/bin/bench-sam")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", choices=SIZES, default="b")
    parser.add_argument("--precisions", default="fp32,bf16,fp16")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--folder", help="for the checkpoint, while it runs (ViT-H: 2.6 GB)")
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    for name in ("--checkpoint", "--image", "--output"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--repetitions", type=int, default=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    python_side(options) if options.side else compare(options)


if __name__ == "__main__":
    main()
