"""Which tensors the files of transformers' classes have: for packages/fl-core/src/models/hub/classes.test.ts, which
imports the encoder of each. Of one class of each architecture all; of the others what they have more, and lack.

    pip install torch transformers==5.24.0
    python experiments/oracles/model-classes.py packages/fl-core/src/models/hub/fixtures/classes.json
"""

import json
import sys
import tempfile
from pathlib import Path

import transformers as t
from safetensors.torch import load_file
t.logging.set_verbosity_error()
image = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "image_size": 16, "patch_size": 8}
text = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 22}
out={}
def add(name, config):
    cls=getattr(t,name,None)
    if cls is None: return
    try: m=cls(config)
    except Exception as e: print('skip',name,str(e)[:80]); return
    with tempfile.TemporaryDirectory() as d:
        m.save_pretrained(d)
        out[name]={"config":json.loads(Path(d,'config.json').read_text()),"tensors":{k:list(v.shape) for k,v in load_file(d+'/model.safetensors').items()}}
for c in ['Model','ForPreTraining','ForMaskedLM','ForNextSentencePrediction','ForSequenceClassification','ForMultipleChoice','ForTokenClassification','ForQuestionAnswering']: add('Bert'+c,t.BertConfig(**text))
for p,C in (('Roberta',t.RobertaConfig),('XLMRoberta',t.XLMRobertaConfig)):
    for c in ['Model','ForMaskedLM','ForSequenceClassification','ForMultipleChoice','ForTokenClassification','ForQuestionAnswering']: add(p+c,C(**text))
for c in ['Model','ForMaskedLM','ForSequenceClassification','ForMultipleChoice','ForTokenClassification','ForQuestionAnswering']: add('DistilBert'+c,t.DistilBertConfig(vocab_size=50,dim=16,n_layers=1,n_heads=2,hidden_dim=24,max_position_embeddings=20))
for c in ['Model','LMHeadModel','DoubleHeadsModel','ForSequenceClassification','ForTokenClassification','ForQuestionAnswering']: add('GPT2'+c,t.GPT2Config(vocab_size=50,n_embd=16,n_layer=1,n_head=2,n_positions=20,num_labels=1 if c.startswith('Double') else 2))
for c in ['Model','ForImageClassification','ForMaskedImageModeling']: add('ViT'+c,t.ViTConfig(**image))
for c in ['Model','ForImageClassification','ForMaskedImageModeling','ForImageClassificationWithTeacher']: add('DeiT'+c,t.DeiTConfig(**image))
for c in ['VisionModel','VisionModelWithProjection']: add('CLIP'+c,t.CLIPVisionConfig(**image,projection_dim=10))
whole=t.CLIPConfig(vision_config=image,text_config={"vocab_size":50,"hidden_size":16,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":24},projection_dim=10)
for c in ['Model','ForImageClassification']: add('CLIP'+c,whole)
BASES = ["BertForSequenceClassification", "RobertaForSequenceClassification", "XLMRobertaForSequenceClassification", "DistilBertForSequenceClassification", "GPT2LMHeadModel", "ViTForImageClassification", "DeiTForImageClassification", "CLIPVisionModelWithProjection", "CLIPForImageClassification"]
target = Path(sys.argv[1])
target.parent.mkdir(parents=True, exist_ok=True)
classes = {}
for name, file in out.items():
    base = next(each for each in BASES if out[each]["config"]["model_type"] == file["config"]["model_type"])
    tensors = out[base]["tensors"]
    classes[name] = {
        "base": base,
        "architectures": file["config"].get("architectures"),
        "more": {k: v for k, v in file["tensors"].items() if tensors.get(k) != v},
        "lacking": [k for k in tensors if k not in file["tensors"]],
        **({"config": file["config"], "tensors": tensors} if name in BASES else {}),
    }
target.write_text(json.dumps({"transformers": t.__version__, "classes": classes}, separators=(",", ":")) + "\n")
