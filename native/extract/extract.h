#pragma once
#include "native/base/error.h"
#include "native/extract/metadata.h"
#include "native/extract/write.h"
#include "native/html/charset.h"

namespace millrace::extract {

enum class Mode : uint8_t { balanced, precision, recall, union_ };

struct Options {
  Mode mode = Mode::balanced;
  WriteOptions write;
  html::Limits limits;
  size_t max_embedded_bytes = 1u << 20;
  bool blocks = false;  // fill Document::blocks
};

// One block as it was judged: for `explain` and for templates that are learnt across pages of a site.
struct Judged {
  uint64_t hash = 0;        // of its text, case folded, white space and digits left out
  uint32_t words = 0;
  float score = 0;          // 0 to 1: how much of it is content
  bool kept = false;
  const char* reason = "";  // why it was dropped: copy, hidden, navigation, footer, sidebar, links, furniture, unsure, embedded
  uint32_t offset = 0;      // in the page's decoded bytes, where it begins
};

struct Document {
  std::string text;
  Metadata metadata;
  const char* type = "";   // article, forum, product, collection, listing, documentation, service
  float confidence = 0;    // calibrated: probability that the text agrees with a reader's (word F1 >= 0.8)
  const char* origin = "body";  // or where embedded text came from
  html::Charset charset;
  uint32_t cuts = 0;       // html::Cut bits
  std::vector<Judged> blocks;
};

// Owns all storage between pages; one a thread.
class Extractor {
 public:
  Extractor();
  ~Extractor();
  Extractor(const Extractor&) = delete;
  Extractor& operator=(const Extractor&) = delete;
  // `url` and `transfer_label` may be empty. Never fails: at worst the text is empty.
  void extract(std::string_view bytes, std::string_view url, std::string_view transfer_label, const Options& options, Document& out);

 private:
  struct State;
  State* state_;
};

}  // namespace millrace::extract
