// fastText models: any bytes are a model or an error that says where, and a model answers any text with labels that it has.
#include <memory>
#include <string>

#include "native/fasttext/model.h"
#include "native/fuzz/check.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t choice = input.byte();
  const auto bytes = input.rest();
  std::unique_ptr<fasttext::Model> model;
  if (const Error error = fasttext::Model::open({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, model)) {
    CHECK(!model && !error.message().empty());
    return 0;
  }
  // The end of the file is the text, too: it holds what the dictionary does not.
  const std::string text = "red blue \xc3\xa9t\xc3\xa9 </x " + std::string(bytes.substr(bytes.size() / 2));
  const int32_t offsets[] = {0, 8, 8, static_cast<int32_t>(text.size())};
  const TextColumn column{offsets, {reinterpret_cast<const uint8_t*>(text.data()), text.size()}};
  fasttext::PredictOptions options;
  options.k = 1 + choice % 4;
  options.max_bytes = choice & 4 ? 7 : 0;
  fasttext::Predictions first, second;
  CHECK(!model->predict(column, options, first));
  CHECK(!model->predict(column, options, second));
  CHECK(first.label == second.label);
  for (int32_t label : first.label) CHECK(label >= -1 && label < static_cast<int32_t>(model->dictionary().labels()));
  return 0;
}
