#pragma once
#include <span>

#include "native/trainer/config/config.h"
#include "native/trainer/safetensors/safetensors.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::trainer {

// Of the rules in docs/numerics.md: goes up by one when a run that goes on from a checkpoint would no longer make the same bits.
inline constexpr uint32_t kNumericsRevision = 2;

// A checkpoint's safetensors metadata: "model.<field>" for every field of the config, "step", "tokens", "updates", "numerics" (the revision), and "format": "pt",
// which Transformers asks for. Numbers in their shortest form that reads back to the same value.
Metadata metadata_of(const ModelConfig& model, const Counters& counters);

// kFormat: which key is missing or is no number. The config is validated.
Error read_metadata(const Metadata& metadata, ModelConfig& model, Counters& counters);

// kFormat for a file whose bits another revision of the numerics made; `path` is for the message.
Error check_numerics(const Metadata& metadata, const std::string& path);

}  // namespace millrace::trainer
