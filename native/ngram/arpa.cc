#include "native/ngram/arpa.h"

#include <charconv>
#include <cmath>
#include <memory>

#include "native/ngram/build.h"
#include "native/warc/members.h"
#include "native/warc/source.h"

namespace millrace::ngram {
namespace {

constexpr size_t kLongestLine = 1 << 20;
constexpr uint64_t kExpansion = 1 << 12;

// The lines of a file, without LF or CRLF.
class Lines {
 public:
  Error open(const std::string& path) {
    MILLRACE_TRY(source_.open(path));
    uint8_t head[4] = {};
    size_t got = 0;
    MILLRACE_TRY(source_.read(0, head, sizeof head, got));
    auto compression = warc::Compression::none;
    if (got >= 2 && head[0] == 0x1f && head[1] == 0x8b) compression = warc::Compression::gzip;
    if (got == 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd) compression = warc::Compression::zstd;
    members_ = std::make_unique<warc::Members>(source_, compression, kExpansion);
    open_ = members_->next();
    return Error::none();
  }

  // False at the end, or where `error` says why there is no line.
  bool next(std::string_view& line) {
    members_->consume(taken_);
    taken_ = 0;
    std::string_view view = members_->view();
    size_t end = view.find('\n');
    carry_.clear();
    while (end == std::string_view::npos) {
      const size_t had = view.size();
      if (!open_) return last(line);
      if (had + carry_.size() > kLongestLine) return fail("a line of at most 1 MiB", "a longer one");
      if (members_->ensure(had + 1) <= had) {
        if (members_->error()) return error_ = members_->error(), false;
        if (members_->failure()) return fail("readable compressed bytes", members_->failure().message);
        // A line may go on in the next member.
        carry_.append(members_->view());
        members_->consume(members_->view().size());
        open_ = members_->next();
        view = members_->view();
        end = view.find('\n');
        continue;
      }
      view = members_->view();
      end = view.find('\n', had);
    }
    taken_ = end + 1;
    return give(line, view.substr(0, end));
  }
  uint64_t number() const { return number_; }
  const Error& error() const { return error_; }

 private:
  bool last(std::string_view& line) {
    if (carry_.empty()) return false;
    return give(line, {});
  }
  bool give(std::string_view& line, std::string_view rest) {
    ++number_;
    if (!carry_.empty()) {
      carry_.append(rest);
      rest = carry_;
    }
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    line = rest;
    return true;
  }
  bool fail(const std::string& expected, const std::string& found) {
    error_ = {kBadModel, "line " + std::to_string(number_ + 1) + ": expected " + expected + ", found " + found};
    return false;
  }

  warc::FileSource source_;
  std::unique_ptr<warc::Members> members_;
  bool open_ = false;
  size_t taken_ = 0;
  std::string carry_;
  uint64_t number_ = 0;
  Error error_;
};

bool blank(std::string_view line) { return line.find_first_not_of(" \t\v\f\r") == std::string_view::npos; }

// What an error quotes of a file that is not ours to show: little, and printable.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 40)) out.push_back(static_cast<uint8_t>(c) >= 0x20 && static_cast<uint8_t>(c) < 0x7f ? c : '?');
  return out + (text.size() > 40 ? "…\"" : "\"");
}

std::string_view field(std::string_view& line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return line = {};
  const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
  const auto result = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return result;
}

bool number(std::string_view text, float& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  // Below the smallest float is 0, as for any reader.
  if (error == std::errc::result_out_of_range && text.find("e-") != std::string_view::npos) return out = 0, end == text.data() + text.size();
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(out);
}

class Reader {
 public:
  explicit Reader(Lines& lines) : lines_(lines) {}

  Error head() {
    while (true) {
      MILLRACE_TRY(line("\\data\\"));
      if (line_.starts_with("# millrace words=simple")) words_ = Words::simple;
      if (!blank(line_) && !line_.starts_with('#')) break;
    }
    if (line_ != "\\data\\") return bad("\\data\\", quoted(line_));
    while (true) {
      MILLRACE_TRY(line("a line \"ngram N=COUNT\""));
      if (blank(line_)) break;
      unsigned order = 0;
      uint64_t count = 0;
      const char* end = line_.data() + line_.size();
      if (!line_.starts_with("ngram ")) return bad("a line \"ngram N=COUNT\"", quoted(line_));
      const auto first = std::from_chars(line_.data() + 6, end, order);
      if (first.ec != std::errc() || order != counts_.size() + 1 || first.ptr == end || *first.ptr != '=')
        return bad("\"ngram " + std::to_string(counts_.size() + 1) + "=COUNT\"", quoted(line_));
      const auto second = std::from_chars(first.ptr + 1, end, count);
      if (second.ec != std::errc() || second.ptr != end) return bad("a count", quoted(line_));
      if (order > kMaxOrder) return bad("n-grams of at most " + std::to_string(kMaxOrder) + " words", quoted(line_));
      counts_.push_back(count);
    }
    if (counts_.empty()) return bad("a line \"ngram 1=COUNT\"", "none");
    return Error::none();
  }

  Error body(ModelBuilder& builder) {
    for (int order = 1; order <= this->order(); ++order) MILLRACE_TRY(section(builder, order));
    do MILLRACE_TRY(line("\\end\\"));
    while (blank(line_));
    if (line_ != "\\end\\") return bad("\\end\\", quoted(line_));
    while (lines_.next(line_))
      if (!blank(line_)) return bad("the end of the file", quoted(line_));
    return lines_.error();
  }

  int order() const { return static_cast<int>(counts_.size()); }
  Words words() const { return words_; }
  bool no_room() const { return no_room_; }

 private:
  Error bad(const std::string& expected, const std::string& found) const { return at(lines_.number(), expected, found); }
  static Error at(uint64_t line, const std::string& expected, const std::string& found) {
    return {kBadModel, "line " + std::to_string(line) + ": expected " + expected + ", found " + found};
  }
  Error line(const char* expected) {
    if (lines_.next(line_)) return Error::none();
    return lines_.error() ? lines_.error() : at(lines_.number() + 1, expected, "the end of the file");
  }

  Error section(ModelBuilder& builder, int order) {
    const std::string title = "\\" + std::to_string(order) + "-grams:";
    do MILLRACE_TRY(line(title.c_str()));
    while (blank(line_));
    if (line_ != title) return bad(title, quoted(line_));
    const uint64_t first = lines_.number() + 1, count = counts_[order - 1];
    for (uint64_t i = 0; i < count; ++i) {
      MILLRACE_TRY(line("an n-gram"));
      MILLRACE_TRY(gram(builder, order, first));
      if (no_room_) return Error::none();
    }
    if (order == 1) {
      if (const Error error = builder.end_words()) return at(lines_.number(), error.message().substr(9, error.message().find(", found") - 9), "none");
      return Error::none();
    }
    uint64_t twice = 0;
    if (!builder.end_order(order, twice))
      return twice < count ? at(first + twice, "an n-gram that was not there before", "one that was") : bad("fewer than 2^31 n-grams of an order", std::to_string(count));
    return Error::none();
  }

  // "log10 <tab> words <tab> backoff"; the last is left out where it is 0.
  Error gram(ModelBuilder& builder, int order, uint64_t first) {
    std::string_view rest = line_;
    Weights weights{0, 0};
    if (blank(line_) || line_.starts_with('\\'))
      return bad(std::to_string(counts_[order - 1]) + " " + std::to_string(order) + "-grams", std::to_string(lines_.number() - first));
    const auto log10 = field(rest);
    if (!number(log10, weights.log10)) return bad("a log10 probability", quoted(log10));
    if (weights.log10 > 0) return bad("a log10 probability of at most 0", quoted(log10));
    uint32_t ids[kMaxOrder];
    std::string_view word;
    for (int i = 0; i < order; ++i) {
      word = field(rest);
      if (word.empty()) return bad(std::to_string(order) + " words", std::to_string(i));
      if (order == 1) break;
      ids[i] = builder.model().id(word);
      if (ids[i] == kUnknown && word != "<unk>" && word != "<UNK>") return bad("words of the 1-grams", quoted(word));
    }
    const auto backoff = field(rest);
    if (!backoff.empty() && !number(backoff, weights.backoff)) return bad("a log10 backoff weight", quoted(backoff));
    if (!field(rest).empty()) return bad("the end of the line behind the backoff weight", "more");
    if (order == this->order() && order > 1 && weights.backoff != 0) return bad("no backoff weight at the highest order", quoted(backoff));
    if (order == 1) return builder.add_word(word, weights) ? Error::none() : bad("a word that was not there before", quoted(word));
    const auto added = builder.add(order, ids, weights);
    if (added == ModelBuilder::Added::no_context) return bad("an n-gram whose first " + std::to_string(order - 1) + " words are an n-gram themselves", quoted(line_));
    no_room_ = added == ModelBuilder::Added::no_room;
    return Error::none();
  }

  Lines& lines_;
  std::string_view line_;
  std::vector<uint64_t> counts_;
  Words words_ = Words::spaces;
  bool no_room_ = false;
};

}  // namespace

Error read_arpa(const std::string& path, std::unique_ptr<Model>& out) {
  std::vector<uint64_t> spare(kMaxOrder + 1, 0);
  while (true) {
    Lines lines;
    MILLRACE_TRY(lines.open(path));
    Reader reader(lines);
    MILLRACE_TRY(reader.head());
    ModelBuilder builder(reader.order(), reader.words(), spare);
    MILLRACE_TRY(reader.body(builder));
    if (!reader.no_room()) return builder.finish(out);
    // More suffixes are missing than a table has room for: read again with more. What is there grows twofold each time.
    const int order = builder.wants_more();
    spare[order] = std::max<uint64_t>(1024, spare[order] * 2 + builder.model().count(order));
  }
}

}  // namespace millrace::ngram
