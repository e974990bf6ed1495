"""Opens a model that Strata exported with Hugging Face transformers and says how well it does on labelled data.

    pip install torch transformers safetensors pillow
    python load_strata.py MODEL DATA [--json] [--onnx FILE]

MODEL is a folder, or the zip that the dashboard gives. DATA is a CSV or TSV file with the columns `text` and `label`,
or a folder with one sub-folder of images a label. With --json the logits of every sample are printed too. With --onnx
the model is written for ONNX Runtime as well (pip install onnx onnxscript), and compared with it where that is
installed (pip install onnxruntime).
"""

import argparse
import csv
import json
import sys
import tempfile
import zipfile
from pathlib import Path

try:
    import torch
    import transformers
    from huggingface_hub import ModelCard
    from safetensors.torch import load_file
except ImportError as error:
    sys.exit(f"The package {error.name} is missing: pip install torch transformers safetensors pillow")

BATCH = 32


def read_samples(data):
    """Pairs of an input (a text, or the path of an image) and its label."""
    if data.is_dir():
        files = sorted(path for path in data.glob("*/*") if path.is_file())
        return [(path, path.parent.name) for path in files]
    with data.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, delimiter="\t" if data.suffix == ".tsv" else ",")
        return [(row["text"], row["label"]) for row in rows]


def image_inputs(folder):
    """Images as Strata prepares them: resized to a square, bilinear, then normalised."""
    from PIL import Image

    settings = json.loads((folder / "preprocessor_config.json").read_text())
    side = settings["size"]["height"]
    mean, std = (torch.tensor(settings[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))

    def inputs(paths):
        pixels = []
        for path in paths:
            image = Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(side, side, 3)
            pixels.append((values.permute(2, 0, 1).float() / 255 - mean) / std)
        return {"pixel_values": torch.stack(pixels)}

    return inputs


def text_inputs(folder, config):
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    padding = getattr(config, "pad_token_id", None) or 0
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(padding)
    tokenizer.padding_side = "right"
    longest = config.max_position_embeddings
    if "roberta" in config.model_type:
        longest -= padding + 1  # positions are counted from the one after the padding token's

    def inputs(texts):
        encoded = tokenizer(texts, padding=True, truncation=True, max_length=longest, return_tensors="pt")
        return {name: encoded[name] for name in ("input_ids", "attention_mask")}

    return inputs


class ImageClassifier(torch.nn.Module):
    """(B, 3, S, S) -> (B, C)."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return self.model(pixel_values=pixel_values, interpolate_pos_encoding=True).logits


class ClipClassifier(ImageClassifier):
    """transformers has no class for a classifier on CLIP's projection; its two tensors are in the same file."""

    def __init__(self, model, tensors):
        super().__init__(model)
        self.weight, self.bias = (torch.nn.Parameter(tensors[f"classifier.{name}"]) for name in ("weight", "bias"))

    def forward(self, pixel_values):
        embeddings = self.model(pixel_values=pixel_values, interpolate_pos_encoding=True).image_embeds
        return embeddings @ self.weight.T + self.bias


class TextClassifier(torch.nn.Module):
    """(B, T) token ids and their mask -> (B, C)."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def load(folder):
    """The model as a module from inputs to logits, what makes its inputs, and its labels by index."""
    raw = json.loads((folder / "config.json").read_text())
    (architecture,) = raw.get("architectures", [None])
    if architecture is None or architecture == "GPT2LMHeadModel":
        sys.exit(f"{raw['model_type']} as exported here is no classifier of transformers.")
    model = getattr(transformers, architecture).from_pretrained(folder)
    labels = {int(index): label for index, label in raw["id2label"].items()}
    if not (folder / "preprocessor_config.json").exists():
        return TextClassifier(model).eval(), text_inputs(folder, model.config), labels
    if architecture == "CLIPVisionModelWithProjection":
        classifier = ClipClassifier(model, load_file(folder / "model.safetensors"))
    else:
        classifier = ImageClassifier(model)
    return classifier.eval(), image_inputs(folder), labels


def reported(folder):
    """Accuracy and number of samples that the run reported, of the model card; None when nobody evaluated it."""
    card = folder / "README.md"
    results = (ModelCard.load(card).data.eval_results or []) if card.exists() else []
    for result in results:
        if result.metric_type == "accuracy":
            return {"accuracy": result.metric_value, "samples": result.dataset_args["samples"]}
    return None


def evaluate(folder, data, onnx=None):
    classifier, inputs, labels = load(folder)
    samples = read_samples(data)
    unknown = sorted({label for _, label in samples} - set(labels.values()))
    if not samples or unknown:
        sys.exit(f"No samples in {data}." if not samples else f"The model has no label {', '.join(unknown)}.")
    items = []
    for start in range(0, len(samples), BATCH):
        batch = samples[start : start + BATCH]
        with torch.no_grad():
            logits = classifier(**inputs([value for value, _ in batch]))
        items += [
            {"label": label, "predicted": labels[int(row.argmax())], "logits": row.tolist()}
            for (_, label), row in zip(batch, logits, strict=True)
        ]
    right = sum(item["label"] == item["predicted"] for item in items)
    result = {"accuracy": right / len(items), "samples": len(items), "reported": reported(folder), "items": items}
    if onnx is not None:
        result["onnx"] = write_onnx(classifier, inputs([value for value, _ in samples[:BATCH]]), onnx)
    return result


def write_onnx(classifier, example, file):
    """Writes one file with batches, and texts, of any size; the largest difference of its logits from PyTorch's."""
    try:
        import onnx  # noqa: F401 (torch.onnx needs both)
        import onnxscript  # noqa: F401
    except ImportError as error:
        sys.exit(f"The package {error.name} is missing: pip install onnx onnxscript")
    text = "input_ids" in example
    sizes = {0: torch.export.Dim.DYNAMIC} | ({1: torch.export.Dim.DYNAMIC} if text else {})
    # Two rows at least: of one the exporter would make a constant.
    several = {name: torch.cat([value, value]) for name, value in example.items()}
    torch.onnx.export(
        classifier,
        kwargs=several,
        f=file,
        input_names=list(example),
        output_names=["logits"],
        dynamic_shapes={name: sizes for name in example},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    try:
        import onnxruntime
    except ImportError:
        return {"file": str(file), "difference": None}
    session = onnxruntime.InferenceSession(str(file))
    (logits,) = session.run(None, {name: value.numpy() for name, value in example.items()})
    with torch.no_grad():
        difference = (torch.from_numpy(logits) - classifier(**example)).abs().max().item()
    return {"file": str(file), "difference": difference}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--onnx", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.model
        if folder.suffix == ".zip":
            zipfile.ZipFile(folder).extractall(temporary)
            folder = Path(temporary)
        result = evaluate(folder, options.data, options.onnx)
    if options.json:
        print(json.dumps(result))
        return
    if result["reported"]:
        run = result["reported"]
        print(f"the run reported {run['accuracy']:.4f} on {run['samples']} samples held out on the devices")
    if options.onnx:
        difference = result["onnx"]["difference"]
        compared = "onnxruntime is not installed" if difference is None else f"logits differ by {difference:.1e}"
        print(f"{options.onnx} written; {compared}")
    print(f"accuracy {result['accuracy']:.4f} on {result['samples']} samples")


if __name__ == "__main__":
    main()
