"""Opens a model that Strata exported and says how well it does on data of its task.

    pip install torch transformers safetensors pillow
    python load_strata.py MODEL DATA [--json] [--onnx FILE]

Models of architectures that Hugging Face transformers has are opened by it; the sentence encoder, which it does not
have, by the class SentenceEncoder below. Every export has this file in it.

MODEL is a folder, or the zip that the dashboard gives. DATA is, by what the run was for,
- one label of a picture: a folder with one sub-folder of images a label;
- one label of a text: a CSV or TSV file with the columns `text` and `label`;
- any number of labels: the same with `text` and `labels`, a bar | between the labels of a text;
- two texts compared: the same with `sentence1` and `sentence2` (or the like, see PAIRS) and `label`;
- continuing a text: a text file, or a folder of .txt and .md files.
With --json the logits of every sample (of passages: the log-probability of each token) are printed too. With --onnx a
classifier is written for ONNX Runtime as well (pip install onnx onnxscript), and compared with it where that is
installed (pip install onnxruntime).
"""

import argparse
import csv
import io
import json
import math
import sys
import tempfile
import unicodedata
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
PAIRS = [("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("text1", "text2")]


def hidden(path):
    """What systems leave in folders: Strata passes more of it over."""
    return any(part.startswith((".", "@eaDir", "__MACOSX")) or part in ("Thumbs.db", "desktop.ini") for part in path.parts)


def read_samples(data, several):
    """Pairs of an input (a text, two texts, or the path of an image) and its label; with `several`, its labels."""
    if data.is_dir():
        files = sorted(path for path in data.glob("*/*") if path.is_file() and not hidden(path.relative_to(data)))
        return [(path, path.parent.name) for path in files]
    with data.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, delimiter="\t" if data.suffix == ".tsv" else ",")
        pair = next((pair for pair in PAIRS if set(pair) <= set(rows.fieldnames or ())), None)

        def sample(row):
            value = tuple(row[name].strip() for name in pair) if pair else row["text"].strip()
            names = [name.strip() for name in row["labels"].split("|")] if several else []
            return value, [name for name in names if name] if several else row["label"]

        return [sample(row) for row in rows]


def upright(path):
    """An image as browsers show it, on white: turned by its EXIF orientation, its colours in sRGB."""
    from PIL import Image, ImageOps

    data = Path(path).read_bytes()
    # Of a JPEG without its end marker all pixels may be there; behind one that has it this is passed over.
    image = Image.open(io.BytesIO(data + b"\xff\xd9" if data[:2] == b"\xff\xd8" else data))
    profile = image.info.get("icc_profile")
    image.info.pop("xmp", None)  # may have an orientation of its own, which browsers do not heed
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if clear else None
    image = in_srgb(image, profile)
    if alpha is not None:
        image.putalpha(alpha)
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image


def in_srgb(image, profile):
    """RGB by the image's colour profile; one that is not for images of its kind is passed over, as browsers do."""
    from PIL import ImageCms

    if profile is not None:
        plain = {"P": "RGB", "PA": "RGB", "RGBA": "RGB", "LA": "L", "1": "L"}.get(image.mode, image.mode)
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image.convert(plain), own, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass
    gamma, primaries = image.info.get("gamma"), image.info.get("chromaticity")
    if profile is None and gamma and "srgb" not in image.info:
        return by_gamma(image.convert("RGB"), gamma, primaries)
    return image.convert("RGB")


def by_gamma(image, gamma, primaries):
    """The colours of a PNG that says how they were encoded (gAMA, cHRM) and brings no profile, in sRGB."""
    from PIL import Image

    values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(image.height, image.width, 3) / 255
    if primaries is None and abs(gamma - 1 / 2.2) < 1e-3:
        return image  # browsers take it for sRGB
    own = tuple(zip(primaries[::2], primaries[1::2], strict=True)) if primaries else SRGB
    to_srgb = torch.linalg.inv(to_xyz(*SRGB)) @ to_xyz(*own)
    linear = (values ** (1 / gamma) @ to_srgb.T.float()).clamp(0, 1)
    values = torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    pixels = (255 * values).round().byte()
    return Image.frombytes("RGB", image.size, bytes(pixels.flatten().tolist()))


SRGB = ((0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))


def to_xyz(white, *primaries):
    """Linear RGB with these chromaticities to XYZ of white D65 (Bradford), 3 x 3."""

    def xyz(x, y):
        return torch.tensor([x / y, 1.0, (1 - x - y) / y], dtype=torch.float64)

    own = torch.stack([xyz(*primary) for primary in primaries], 1)
    own = own * torch.linalg.solve(own, xyz(*white))
    cones = torch.tensor(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]], dtype=torch.float64
    )
    scale = (cones @ xyz(*SRGB[0])) / (cones @ xyz(*white))
    return torch.linalg.inv(cones) @ torch.diag(scale) @ cones @ own


def centre_square(image, side):
    """The centred square of an image, resized (bilinear, antialiased)."""
    from PIL import Image

    square = min(image.size)
    left, top = ((length - square) // 2 for length in image.size)
    return image.crop((left, top, left + square, top + square)).resize((side, side), Image.Resampling.BILINEAR)


def image_inputs(folder):
    """Images as Strata prepares them: the centred square of the upright image, resized, then normalised."""
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    side = settings["crop_size"]["height"]
    mean, std = (torch.tensor(settings[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))

    def inputs(paths):
        pixels = []
        for path in paths:
            image = centre_square(upright(path), side)
            values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(side, side, 3)
            pixels.append((values.permute(2, 0, 1).float() / 255 - mean) / std)
        return {"pixel_values": torch.stack(pixels)}

    return inputs


def open_tokenizer(folder):
    return transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))


def text_inputs(folder, config):
    tokenizer = open_tokenizer(folder)
    padding = getattr(config, "pad_token_id", None) or 0
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(padding)
    tokenizer.padding_side = "right"
    longest = config.max_position_embeddings
    if "roberta" in config.model_type:
        longest -= padding + 1  # positions are counted from the one after the padding token's

    def inputs(texts):
        pairs = isinstance(texts[0], tuple)
        # Which text a token is of is told by a mark of its own where the model has marks for both.
        segments = ("token_type_ids",) if pairs and getattr(config, "type_vocab_size", 1) > 1 else ()
        columns = [list(column) for column in zip(*texts, strict=True)] if pairs else [texts]
        encoded = tokenizer(
            *columns,
            padding=True,
            truncation=True,
            max_length=longest,
            return_token_type_ids=True,
            return_tensors="pt",
        )
        return {name: encoded[name] for name in ("input_ids", "attention_mask", *segments)}

    return inputs


class SentencePiece:
    """Texts to ids by a unigram vocabulary, [piece, score] each, as the encoder's own tokenizer does."""

    RESERVED = 6  # unknown, control and user-defined symbols, which no text can spell
    UNKNOWN = 0

    def __init__(self, vocabulary):
        self.pieces = {piece: (number, score or 0) for number, (piece, score) in enumerate(vocabulary) if number >= self.RESERVED}
        self.longest = max(map(len, self.pieces))

    def __call__(self, text):
        normal = unicodedata.normalize("NFKC", text)
        if not normal:
            return []
        symbols = "\u2581" + normal.replace(" ", "\u2581")
        # best[i]: of the first i symbols the best score, and the last piece that gives it. A score of 0 means that no
        # piece ends there; what is never reached counts as one unknown symbol at no cost.
        best, last = [0.0] * (len(symbols) + 1), [(self.UNKNOWN, 1)] * (len(symbols) + 1)
        for start in range(len(symbols)):
            ends = range(start + 1, min(start + self.longest, len(symbols)) + 1)
            found = [(end, *self.pieces[symbols[start:end]]) for end in ends if symbols[start:end] in self.pieces]
            for end, number, score in found or [(start + 1, self.UNKNOWN, 0)]:
                total = best[start] + score
                if best[end] == 0 or total >= best[end]:
                    best[end], last[end] = total, (number, end - start)
        ids, end = [], len(symbols)
        while end > 0:
            number, length = last[end]
            if number != self.UNKNOWN or not ids or ids[-1] != self.UNKNOWN:
                ids.append(number)
            end -= length
        return ids[::-1]


class SentenceEncoder(torch.nn.Module):
    """Universal Sentence Encoder Lite (arXiv 1803.11175) with a classifier: (B, T) ids and their mask -> (B, C)."""

    def __init__(self, config, tensors):
        super().__init__()
        self.config = config
        self.weights = torch.nn.ParameterDict({name.replace(".", "/"): torch.nn.Parameter(t) for name, t in tensors.items()})

    def tensor(self, name):
        return self.weights[name.replace(".", "/")]

    def linear(self, x, name):
        return x @ self.tensor(f"{name}.kernel") + self.tensor(f"{name}.bias")

    def norm(self, x, name):
        scale, shift = self.tensor(f"{name}.gamma"), self.tensor(f"{name}.beta")
        return torch.nn.functional.layer_norm(x, x.shape[-1:], scale, shift, self.config["layerNormEps"])

    def attend(self, x, mask, name):
        batch, length, _ = x.shape
        split = (batch, length, 3, self.config["heads"], -1)
        q, k, v = self.linear(x, f"{name}.attn.qkv").view(split).permute(2, 0, 3, 1, 4)  # (B, heads, T, D / heads)
        context = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask.bool()[:, None, None, :])
        return self.linear(context.transpose(1, 2).reshape(batch, length, -1), f"{name}.attn.out")

    def embed(self, input_ids, attention_mask):
        """Unit-length embeddings, (B, D)."""
        angles = torch.arange(input_ids.shape[1])[:, None] * self.tensor("pos.inv_freq")
        x = 2 * self.tensor("embeddings.weight")[input_ids] + torch.cat([angles.sin(), angles.cos()], 1)
        for index in range(self.config["depth"]):
            name = f"layers.{index}"
            widened = f"{name}.residual.kernel".replace(".", "/") in self.weights
            residual = self.linear(x, f"{name}.residual") if widened else x
            x = residual + self.attend(self.norm(x, f"{name}.ln1"), attention_mask, name)
            x = x + self.linear(self.linear(self.norm(x, f"{name}.ln2"), f"{name}.ffn.fc1").relu(), f"{name}.ffn.fc2")
        real = attention_mask[:, :, None].float()
        mean = (x * real).sum(1) / real.sum(1).clamp(min=1)
        projected = self.linear(mean, "head.tanh").tanh()
        return projected * (projected.square().sum(1, keepdim=True) + 1e-12).rsqrt()

    def forward(self, input_ids, attention_mask):
        return self.linear(self.embed(input_ids, attention_mask) * self.config["dim"] ** 0.5, "head")


def sentence_inputs(folder, config):
    tokenizer = SentencePiece(json.loads((folder / "sentencepiece.json").read_text(encoding="utf-8")))

    def inputs(texts):
        # A text in which nothing is found is one unknown token.
        rows = [tokenizer(text)[: config["maxTokens"]] or [SentencePiece.UNKNOWN] for text in texts]
        longest = max(map(len, rows))
        return {
            "input_ids": torch.tensor([row + [0] * (longest - len(row)) for row in rows]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]),
        }

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

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        segments = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        return self.model(input_ids=input_ids, attention_mask=attention_mask, **segments).logits


def load(folder, raw):
    """A classifier as a module from inputs to logits, what makes its inputs, and its labels by index."""
    labels = {int(index): label for index, label in raw["id2label"].items()}
    if raw["model_type"] == "use-lite":
        return SentenceEncoder(raw, load_file(folder / "model.safetensors")).eval(), sentence_inputs(folder, raw), labels
    (architecture,) = raw["architectures"]
    model = getattr(transformers, architecture).from_pretrained(folder)
    if not (folder / "preprocessor_config.json").exists():
        return TextClassifier(model).eval(), text_inputs(folder, model.config), labels
    if architecture == "CLIPVisionModelWithProjection":
        classifier = ClipClassifier(model, load_file(folder / "model.safetensors"))
    else:
        classifier = ImageClassifier(model)
    return classifier.eval(), image_inputs(folder), labels


def results_of(folder):
    """What the run reported, by the model card."""
    card = folder / "README.md"
    return (ModelCard.load(card).data.eval_results or []) if card.exists() else []


def reported(folder):
    """Accuracy and number of samples that the run reported; None when nobody evaluated it."""
    for result in results_of(folder):
        if result.metric_type in ("accuracy", "jaccard"):
            return {"accuracy": result.metric_value, "samples": result.dataset_args["samples"]}
    return None


def evaluate(folder, data, onnx=None):
    raw = json.loads((folder / "config.json").read_text())
    if raw.get("architectures") != ["GPT2LMHeadModel"]:
        return evaluate_classifier(folder, raw, data, onnx)
    if onnx is not None:
        sys.exit("Only classifiers are written for ONNX here.")
    return evaluate_passages(folder, data)


def agreement(label, predicted):
    """1 for the right label; of sets the share that is in both of what is in either (Jaccard index)."""
    if isinstance(label, str):
        return float(label == predicted)
    either = set(label) | set(predicted)
    return len(set(label) & set(predicted)) / len(either) if either else 1.0


def evaluate_classifier(folder, raw, data, onnx):
    several = raw.get("problem_type") == "multi_label_classification"
    classifier, inputs, labels = load(folder, raw)
    samples = read_samples(data, several)
    given = {name for _, label in samples for name in (label if several else [label])}
    unknown = sorted(given - set(labels.values()))
    if not samples or unknown:
        sys.exit(f"No samples in {data}." if not samples else f"The model has no label {', '.join(unknown)}.")
    items = []
    for start in range(0, len(samples), BATCH):
        batch = samples[start : start + BATCH]
        with torch.no_grad():
            logits = classifier(**inputs([value for value, _ in batch]))
        items += [
            {
                "label": label,
                "predicted": [labels[i] for i, v in enumerate(row) if v > 0] if several else labels[int(row.argmax())],
                "logits": row.tolist(),
            }
            for (_, label), row in zip(batch, logits, strict=True)
        ]
    right = sum(agreement(item["label"], item["predicted"]) for item in items)
    result = {"accuracy": right / len(items), "samples": len(items), "reported": reported(folder), "items": items}
    if onnx is not None:
        result["onnx"] = write_onnx(classifier, inputs([value for value, _ in samples[:BATCH]]), onnx)
    return result


def passages_of(folder, data, config):
    """Token ids of passages as Strata cuts them: each begins with the last token of the one before."""
    tokenizer = open_tokenizer(folder)
    lengths = [result.dataset_args["passage"] for result in results_of(folder) if "passage" in result.dataset_args]
    length = min([config.n_positions, *lengths])
    end = config.eos_token_id
    files = sorted(p for p in data.rglob("*") if p.suffix in (".txt", ".md")) if data.is_dir() else [data]
    for file in files:
        ids = tokenizer(file.read_text(encoding="utf-8-sig"), add_special_tokens=False)["input_ids"]
        ids += [end] if end is not None and end < config.vocab_size else []
        for start in range(0, len(ids) - 1, length - 1):
            yield ids[start : start + length]


def evaluate_passages(folder, data):
    model = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    items, right = [], 0
    for passage in passages_of(folder, data, model.config):
        ids = torch.tensor([passage])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, :-1]  # (T - 1, V)
        following = ids[0, 1:]
        right += int((logits.argmax(-1) == following).sum())
        chances = logits.log_softmax(-1).gather(1, following[:, None])[:, 0]
        items.append({"log_probabilities": chances.tolist()})
    chances = [value for item in items for value in item["log_probabilities"]]
    if not chances:
        sys.exit(f"No text in {data}.")
    return {
        "accuracy": right / len(chances),
        "perplexity": math.exp(-sum(chances) / len(chances)),
        "samples": len(items),
        "reported": reported(folder),
        "items": items,
    }


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
    perplexity = f", perplexity {result['perplexity']:.2f}" if "perplexity" in result else ""
    print(f"accuracy {result['accuracy']:.4f}{perplexity} on {result['samples']} samples")


if __name__ == "__main__":
    main()
