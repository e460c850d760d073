#include "native/ngram/join.h"

#include <algorithm>
#include <cstring>

#include "native/ngram/files.h"
#include "native/ngram/gram.h"
#include "native/ngram/logarithm.h"
#include "native/ngram/vocabulary.h"

namespace millrace::ngram {
namespace {

// Records of `words` ids and two numbers, one at a time.
struct Stream {
  FileReader file;
  size_t words = 0;
  std::array<uint32_t, kMaxOrder> ids{};
  double first = 0, second = 0;
  bool more = true;

  Error open(const std::string& path, size_t size, size_t buffer) {
    words = size;
    MILLRACE_TRY(file.open(path, buffer));
    return next();
  }
  Error next() {
    char record[kMaxOrder * 4 + 16];
    MILLRACE_TRY(file.read(record, words * 4 + 16, more));
    if (!more) return Error::none();
    std::memcpy(ids.data(), record, words * 4);
    std::memcpy(&first, record + words * 4, 8);
    std::memcpy(&second, record + words * 4 + 8, 8);
    return Error::none();
  }
};

// True if x stands before y in suffix order.
bool before(const std::array<uint32_t, kMaxOrder>& x, const std::array<uint32_t, kMaxOrder>& y, int words) {
  return compare_words(x, words, y, words, words) < 0;
}

float logarithm(double probability) {
  if (!(probability > 1e-99)) return kZero;
  return static_cast<float>(std::min(0.0, decimal_logarithm(probability)));
}

// A back-off weight is at most 1 but for rounding, which may leave it a last bit above.
float weight(double backoff) { return backoff >= 1 ? 0.0f : logarithm(backoff); }

}  // namespace

Error join(int order, double uniform, const JoinFiles& files, size_t buffer, const TrainOptions& options) {
  std::array<Stream, kMaxOrder> initial, contexts;
  std::array<FileWriter, kMaxOrder> out;
  for (int k = 1; k <= order; ++k) {
    MILLRACE_TRY(initial[k - 1].open(files.initial[k - 1], k, buffer));
    if (k < order) MILLRACE_TRY(contexts[k - 1].open(files.contexts[k - 1], k, buffer));
    MILLRACE_TRY(out[k - 1].open(files.out[k - 1], buffer));
  }
  std::array<double, kMaxOrder + 1> probability{uniform};
  std::array<uint32_t, kMaxOrder> words{};  // of the n-gram at hand, at the end
  int depth = 0;
  while (true) {
    Stream* gram = depth < order ? &initial[depth] : nullptr;
    if (!gram || !gram->more || !std::equal(words.end() - depth, words.end(), gram->ids.begin() + 1)) {
      if (depth-- == 0) break;
      continue;
    }
    const int k = ++depth;
    std::copy_n(gram->ids.begin(), k, words.end() - k);
    const bool begin = k == 1 && gram->ids[0] == Vocabulary::kBegin;  // never predicted
    const double p = probability[k] = begin ? 0 : gram->first + gram->second * probability[k - 1];
    double backoff = 1;
    if (k < order) {
      Stream& context = contexts[k - 1];
      // Contexts that were pruned themselves are in the way.
      while (context.more && before(context.ids, gram->ids, k)) MILLRACE_TRY(context.next());
      if (context.more && std::equal(context.ids.begin(), context.ids.begin() + k, gram->ids.begin())) {
        backoff = context.first;
        MILLRACE_TRY(context.next());
      }
    }
    MILLRACE_TRY(out[k - 1].write(gram->ids.data(), k * sizeof(uint32_t)));
    MILLRACE_TRY(out[k - 1].put(Estimate{begin ? kZero : logarithm(p), weight(backoff)}));
    if (options.sink) options.sink(k, gram->ids.data(), p, backoff);
    MILLRACE_TRY(gram->next());
  }
  for (int k = 1; k <= order; ++k) {
    if (initial[k - 1].more) return {kFormat, "expected the suffix of every " + std::to_string(k) + "-gram among the shorter ones, found one missing"};
    MILLRACE_TRY(out[k - 1].close());
  }
  return Error::none();
}

}  // namespace millrace::ngram
