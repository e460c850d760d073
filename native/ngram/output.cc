#include "native/ngram/output.h"

#include <charconv>
#include <cstring>

#include "native/ngram/build.h"
#include "native/ngram/files.h"
#include "native/ngram/join.h"

namespace millrace::ngram {
namespace {

void append_number(std::string& out, float value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

// Calls visit(words, weights) for each n-gram of an order.
template <class Visit>
Error for_each_gram(const std::string& path, int order, size_t buffer, Visit&& visit) {
  FileReader file;
  MILLRACE_TRY(file.open(path, buffer));
  char record[kMaxOrder * 4 + sizeof(Estimate)];
  uint32_t words[kMaxOrder];
  Estimate weights;
  while (true) {
    bool more = false;
    MILLRACE_TRY(file.read(record, order * 4 + sizeof weights, more));
    if (!more) return Error::none();
    std::memcpy(words, record, order * 4);
    std::memcpy(&weights, record + order * 4, sizeof weights);
    MILLRACE_TRY(visit(words, weights));
  }
}

}  // namespace

Error write_arpa(const TrainOptions& options, const std::array<std::string, kMaxOrder>& joined, const std::array<uint64_t, kMaxOrder>& counts,
                 const Vocabulary& vocabulary, size_t buffer) {
  FileWriter file;
  MILLRACE_TRY(file.open(options.arpa, buffer));
  std::string line = options.words == Words::simple ? "# millrace words=simple\n\\data\\\n" : "\\data\\\n";
  for (int k = 1; k <= options.order; ++k) line += "ngram " + std::to_string(k) + "=" + std::to_string(counts[k - 1]) + "\n";
  MILLRACE_TRY(file.text(line));
  for (int k = 1; k <= options.order; ++k) {
    MILLRACE_TRY(file.text("\n\\" + std::to_string(k) + "-grams:\n"));
    MILLRACE_TRY(for_each_gram(joined[k - 1], k, buffer, [&](const uint32_t* words, const Estimate& weights) {
      line.clear();
      append_number(line, weights.log10);
      for (int i = 0; i < k; ++i) {
        line += i == 0 ? '\t' : ' ';
        line += vocabulary[words[i]];
      }
      if (k < options.order) {
        line += '\t';
        append_number(line, weights.backoff);
      }
      line += '\n';
      return file.text(line);
    }));
  }
  MILLRACE_TRY(file.text("\n\\end\\\n"));
  return file.close();
}

Error write_binary(const TrainOptions& options, const std::array<std::string, kMaxOrder>& joined, const std::array<uint64_t, kMaxOrder>& counts,
                   const Vocabulary& vocabulary, size_t buffer) {
  // All tables, and the n-grams of one order before they have theirs.
  uint64_t bytes = 2 * vocabulary.bytes(), largest = 0;
  for (int k = 2; k <= options.order; ++k) {
    bytes += ModelBuilder::table_bytes(k, options.order, counts[k - 1]);
    largest = std::max(largest, counts[k - 1] * ModelBuilder::kPendingBytes);
  }
  if (bytes + largest > options.max_memory)
    return {kMemory, "expected a model of at most " + std::to_string(options.max_memory) + " bytes while it is made, found " + std::to_string(bytes + largest) +
                         ": prune rare n-grams, lower the order or give more memory"};
  ModelBuilder builder(options.order, options.words);
  MILLRACE_TRY(for_each_gram(joined[0], 1, buffer, [&](const uint32_t* words, const Estimate& weights) -> Error {
    if (builder.add_word(vocabulary[words[0]], {weights.log10, weights.backoff})) return Error::none();
    return {kMemory, "expected a vocabulary of fewer than 2^31 words and 4 GiB, found a larger one"};
  }));
  MILLRACE_TRY(builder.end_words());
  for (int k = 2; k <= options.order; ++k) {
    MILLRACE_TRY(for_each_gram(joined[k - 1], k, buffer, [&](const uint32_t* words, const Estimate& weights) -> Error {
      if (builder.add(k, words, {weights.log10, weights.backoff}) == ModelBuilder::Added::ok) return Error::none();
      return {kBadModel, "expected every context and suffix of an n-gram in the model, found one missing"};
    }));
    uint64_t twice = 0;
    if (!builder.end_order(k, twice)) return {kMemory, "expected fewer than 2^31 n-grams of an order, found more"};
  }
  std::unique_ptr<Model> model;
  MILLRACE_TRY(builder.finish(model));
  return model->save(options.binary);
}

}  // namespace millrace::ngram
