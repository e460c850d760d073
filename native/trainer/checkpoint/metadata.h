#pragma once
#include <span>

#include "native/trainer/config/config.h"
#include "native/trainer/safetensors/safetensors.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::trainer {

// A checkpoint's safetensors metadata: "model.<field>" for every field of the config, "step", "tokens", "updates", and "format": "pt",
// which Transformers asks for. Numbers in their shortest form that reads back to the same value.
Metadata metadata_of(const ModelConfig& model, const Counters& counters);

// kFormat: which key is missing or is no number. The config is validated.
Error read_metadata(const Metadata& metadata, ModelConfig& model, Counters& counters);

}  // namespace millrace::trainer
