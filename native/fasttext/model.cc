#include "native/fasttext/model.h"

#include <algorithm>
#include <string>

#include "native/base/parallel.h"
#include "native/fasttext/cut.h"
#include "native/fasttext/real.h"

namespace millrace::fasttext {

Error Model::open(std::span<const uint8_t> bytes, std::unique_ptr<Model>& model) {
  auto made = std::make_unique<Model>();
  Reader reader(bytes);
  Header header;
  MILLRACE_TRY(header.read(reader));
  MILLRACE_TRY(made->dictionary_.read(reader, header));
  const Dictionary& dictionary = made->dictionary_;
  const auto width = static_cast<uint64_t>(header.dim);

  bool coded_input = false, coded_output = false;
  MILLRACE_TRY(reader.flag(coded_input, "the flag of a quantised input matrix"));
  if (!coded_input && dictionary.pruned())
    return reader.wrong("a quantised matrix, as the dictionary is pruned", "a plain one", reader.at() - 1);
  size_t at = reader.at();
  MILLRACE_TRY(made->input_.read(reader, coded_input, "the input matrix"));
  if (made->input_.rows() < dictionary.rows() || made->input_.columns() != width)
    return reader.wrong("an input matrix of at least " + std::to_string(dictionary.rows()) + " x " + std::to_string(width),
                        std::to_string(made->input_.rows()) + " x " + std::to_string(made->input_.columns()), at);
  MILLRACE_TRY(reader.flag(coded_output, "the flag of a quantised output matrix"));
  at = reader.at();
  MILLRACE_TRY(made->output_.read(reader, coded_input && coded_output, "the output matrix"));
  if (made->output_.rows() != dictionary.labels() || made->output_.columns() != width)
    return reader.wrong("an output matrix of " + std::to_string(dictionary.labels()) + " x " + std::to_string(width),
                        std::to_string(made->output_.rows()) + " x " + std::to_string(made->output_.columns()), at);
  made->scorer_.make(static_cast<Loss>(header.loss), made->output_, dictionary);
  model = std::move(made);
  return Error::none();
}

void Model::predict(std::string_view text, size_t k, Scratch& scratch, int32_t* label, float* score) const {
  scratch.hidden.assign(input_.stride(), 0.0f);
  float* hidden = scratch.hidden.data();
  const uint64_t rows = for_each_row(text, scratch.words, dictionary_, scratch.hashes, scratch.rows,
                                     [&](const uint32_t* ids, size_t count) { input_.add_rows(ids, count, hidden); });
  if (rows == 0) return;
  const auto share = static_cast<float>(1.0 / static_cast<double>(rows));
  for (float& value : scratch.hidden) value *= share;
  scorer_.score(hidden, k, scratch.scorer, scratch.best);
  for (size_t i = 0; i < scratch.best.size(); ++i) {
    label[i] = scratch.best[i].second;
    score[i] = static_cast<float>(exp_exact(scratch.best[i].first));
  }
}

std::unique_ptr<Model::Scratch> Model::borrow() const {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto scratch = std::move(idle_.back());
      idle_.pop_back();
      return scratch;
    }
  }
  return std::make_unique<Scratch>(dictionary_);
}

void Model::give_back(std::unique_ptr<Scratch> scratch) const {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(scratch));
}

Error Model::predict(const TextColumn& texts, const PredictOptions& options, Predictions& result) const {
  if (!texts.valid()) return {kShape, "predict: expected offsets that rise within the bytes, found others"};
  if (options.k < 1) return {kArgument, "predict: expected k of at least 1, found " + std::to_string(options.k)};
  const size_t k = std::min(static_cast<size_t>(options.k), dictionary_.labels());
  result.label.assign(texts.size() * k, -1);
  result.score.assign(texts.size() * k, 0.0f);
  constexpr size_t kBlock = 32;
  parallel_for((texts.size() + kBlock - 1) / kBlock, options.threads, [&](size_t block) {
    auto scratch = borrow();
    for (size_t i = block * kBlock; i < std::min(texts.size(), (block + 1) * kBlock); ++i)
      predict(cut(texts[i], options.max_bytes), k, *scratch, &result.label[i * k], &result.score[i * k]);
    give_back(std::move(scratch));
  });
  return Error::none();
}

}  // namespace millrace::fasttext
