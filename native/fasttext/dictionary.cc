// The dictionary of facebookresearch/fastText (src/dictionary.cc), from its definition: which rows a token has, and in which order.
#include "native/fasttext/dictionary.h"

#include <bit>

namespace millrace::fasttext {
namespace {

// Beyond any model in use; they bound the work of one word of a hostile file.
constexpr int32_t kMostNgram = 64;
constexpr int64_t kMostCount = 1'000'000'000'000'000;  // fastText's tree of labels takes larger counts for "none"
// Probes that reading may take for an entry, on average: only a file made to collide needs more.
constexpr uint64_t kMostProbes = 64;

bool continues(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }
uint32_t mixed(uint32_t hash) { return (hash ^ (hash >> 15)) * 0x9e3779b1u; }

}  // namespace

Error Header::read(Reader& reader) {
  int32_t magic = 0, version = 0;
  MILLRACE_TRY(reader.number(magic, "a header"));
  if (magic != 793712314) return reader.wrong("fastText's mark 793712314", std::to_string(magic), 0);
  MILLRACE_TRY(reader.number(version, "a header"));
  if (version != 12) return reader.wrong("version 12 of the format", std::to_string(version), 4);
  for (int32_t* field : {&dim, &ws, &epoch, &min_count, &negatives, &word_ngrams, &loss, &model, &bucket, &minn, &maxn, &lr_update_rate})
    MILLRACE_TRY(reader.number(*field, "a header"));
  MILLRACE_TRY(reader.number(sampling, "a header"));
  const auto check = [&](bool holds, const char* expected, int32_t found, int place) {
    return holds ? Error::none() : reader.wrong(expected, std::to_string(found), static_cast<size_t>(8 + 4 * place));
  };
  MILLRACE_TRY(check(dim >= 1 && dim <= 65536, "a width of 1 to 65,536", dim, 0));
  MILLRACE_TRY(check(word_ngrams <= kMostNgram, "n-grams of at most 64 words", word_ngrams, 5));
  MILLRACE_TRY(check(loss >= 1 && loss <= 4, "loss 1 to 4 (hs, ns, softmax, one-vs-all)", loss, 6));
  MILLRACE_TRY(check(model == 3, "a supervised model (3)", model, 7));
  MILLRACE_TRY(check(maxn <= kMostNgram, "n-grams of at most 64 characters", maxn, 10));
  return check(bucket >= (has_buckets() ? 1 : 0), "buckets for n-grams", bucket, 8);
}

void Header::write(std::vector<uint8_t>& out) const {
  append(out, int32_t{793712314});
  append(out, int32_t{12});
  for (int32_t field : {dim, ws, epoch, min_count, negatives, word_ngrams, loss, model, bucket, minn, maxn, lr_update_rate}) append(out, field);
  append(out, sampling);
}

Error Dictionary::make(const Header& header, const std::vector<Entry>& words, const std::vector<Entry>& labels, int64_t tokens) {
  header_ = header;
  words_ = words.size();
  tokens_ = tokens;
  for (const auto* list : {&words, &labels})
    for (const Entry& entry : *list) {
      entries_.push_back({texts_.size(), entry.count, static_cast<uint32_t>(entry.text.size()), hash_of(entry.text)});
      texts_.append(entry.text);
    }
  rows_ = words_ + (header_.has_buckets() ? static_cast<uint64_t>(header_.bucket) : 0);
  return index();
}

Error Dictionary::index() {
  if (header_.bucket > 0) {
    bucket_ = static_cast<uint64_t>(header_.bucket);
    reciprocal_ = ~uint64_t{0} / bucket_ + 1;
  }
  table_.assign(std::bit_ceil(entries_.size() * 2 + 1), -1);
  const size_t mask = table_.size() - 1;
  uint64_t probes = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t place = mixed(entries_[i].hash) & mask;
    for (; table_[place] >= 0; place = (place + 1) & mask) {
      const auto other = static_cast<size_t>(table_[place]);
      if (entries_[other].hash == entries_[i].hash && text(other) == text(i)) break;
      if (++probes > kMostProbes * (entries_.size() + 1024)) return {kBadModel, "model, dictionary: expected words, found words made to collide in hash tables"};
    }
    table_[place] = static_cast<int32_t>(i);  // of two equal ones the later counts
  }
  return Error::none();
}

Error Dictionary::read(Reader& reader, const Header& header) {
  header_ = header;
  int32_t size = 0, words = 0, labels = 0;
  const size_t at = reader.at();
  for (int32_t* field : {&size, &words, &labels}) MILLRACE_TRY(reader.number(*field, "the dictionary"));
  for (int64_t* field : {&tokens_, &pruned_}) MILLRACE_TRY(reader.number(*field, "the dictionary"));
  if (size < 0 || words < 0 || labels < 1 || static_cast<int64_t>(words) + labels != size)
    return reader.wrong("words and at least one label that make the dictionary's size",
                        std::to_string(words) + " + " + std::to_string(labels) + " and " + std::to_string(size), at);
  constexpr size_t kLeast = 10;  // bytes of an entry: a zero, a count, a type
  if (static_cast<uint64_t>(size) > reader.left() / kLeast)
    return reader.wrong(std::to_string(size) + " entries", "room for " + std::to_string(reader.left() / kLeast), at);
  words_ = static_cast<size_t>(words);
  entries_.reserve(static_cast<size_t>(size));
  int64_t labelled = 0;
  for (int32_t i = 0; i < size; ++i) {
    std::string_view word;
    int64_t count = 0;
    uint8_t type = 0;
    const size_t start = reader.at();
    MILLRACE_TRY(reader.word(word, "a word"));
    MILLRACE_TRY(reader.number(count, "a word's count"));
    MILLRACE_TRY(reader.number(type, "a word's type"));
    if (type != (i < words ? 0 : 1)) return reader.wrong(i < words ? "a word (0)" : "a label (1)", std::to_string(type), start);
    if (i >= words && (count < 0 || count >= kMostCount - labelled)) return reader.wrong("counts of labels below 10^15", std::to_string(count), start);
    if (i >= words) labelled += count;
    entries_.push_back({texts_.size(), count, static_cast<uint32_t>(word.size()), hash_of(word)});
    texts_.append(word);
  }
  rows_ = words_ + (header_.has_buckets() && pruned_ < 0 ? static_cast<uint64_t>(header_.bucket) : 0);
  MILLRACE_TRY(index());
  return read_pruned(reader);
}

Error Dictionary::read_pruned(Reader& reader) {
  if (pruned_ < -1) return reader.wrong("a number of kept n-grams or -1", std::to_string(pruned_), reader.at());
  if (pruned_ < 0) return Error::none();
  const size_t start = reader.at();
  std::span<const uint8_t> pairs;
  if (static_cast<uint64_t>(pruned_) > reader.left() / 8)
    return reader.wrong(std::to_string(pruned_) + " kept n-grams", "room for " + std::to_string(reader.left() / 8), start);
  MILLRACE_TRY(reader.take(static_cast<uint64_t>(pruned_) * 8, "kept n-grams", pairs));
  sieve_.assign(std::bit_ceil(static_cast<uint64_t>(pruned_) * 16 + 64) / 64, 0);
  kept_.assign(std::bit_ceil(static_cast<uint64_t>(pruned_) * 2 + 1), {-1, 0});
  const size_t mask = kept_.size() - 1;
  uint64_t probes = 0;
  for (int64_t i = 0; i < pruned_; ++i) {
    int32_t id = 0, row = 0;
    std::memcpy(&id, pairs.data() + 8 * i, 4);
    std::memcpy(&row, pairs.data() + 8 * i + 4, 4);
    if (id < 0 || row < 0) return reader.wrong("a kept n-gram and its row, 0 or more", std::to_string(id) + ", " + std::to_string(row), start + 8 * i);
    rows_ = std::max(rows_, words_ + static_cast<uint64_t>(row) + 1);
    const uint64_t bit = static_cast<uint64_t>(id) & (sieve_.size() * 64 - 1);
    sieve_[bit / 64] |= uint64_t{1} << (bit % 64);
    size_t place = mixed(static_cast<uint32_t>(id)) & mask;
    while (kept_[place].id >= 0 && kept_[place].id != id) {
      place = (place + 1) & mask;
      if (++probes > kMostProbes * static_cast<uint64_t>(pruned_ + 1024)) return reader.wrong("kept n-grams", "ids made to collide in hash tables", start);
    }
    kept_[place] = {id, row};
  }
  return Error::none();
}

void Dictionary::write(std::vector<uint8_t>& out) const {
  append(out, static_cast<int32_t>(entries_.size()));
  append(out, static_cast<int32_t>(words_));
  append(out, static_cast<int32_t>(labels()));
  append(out, tokens_);
  append(out, int64_t{-1});
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto word = text(i);
    out.insert(out.end(), word.begin(), word.end());
    out.push_back(0);
    append(out, entries_[i].count);
    out.push_back(i < words_ ? 0 : 1);
  }
}

int32_t Dictionary::find(std::string_view word, uint32_t hash) const {
  const size_t mask = table_.size() - 1;
  for (size_t place = mixed(hash) & mask; table_[place] >= 0; place = (place + 1) & mask) {
    const auto i = static_cast<size_t>(table_[place]);
    if (entries_[i].hash == hash && text(i) == word) return table_[place];
  }
  return -1;
}

bool Dictionary::append_word(std::string_view token, uint32_t hash, std::vector<uint32_t>& rows) const {
  const int32_t id = find(token, hash);
  if (id < 0 ? token.starts_with(kLabelPrefix) : static_cast<size_t>(id) >= words_) return false;
  if (id >= 0) rows.push_back(static_cast<uint32_t>(id));
  return true;
}

size_t Dictionary::append_subwords(std::string_view bounded, size_t from, size_t most, std::vector<uint32_t>& rows) const {
  const char* text = bounded.data();
  const size_t size = bounded.size();
  for (size_t i = from; i < size; ++i) {
    if (continues(text[i])) continue;
    if (rows.size() >= most) return i;
    uint32_t hash = kHashStart;
    size_t end = i;
    for (int32_t n = 1; end < size && n <= header_.maxn; ++n) {
      do hash = hash_on(hash, text[end++]);
      while (end < size && continues(text[end]));
      // One character alone is an n-gram, but not the marks of the borders.
      if (n >= header_.minn && !(n == 1 && (i == 0 || end == size))) append_bucket(bucket_of(hash), rows);
    }
  }
  return size;
}

void Dictionary::append_bucket(uint32_t id, std::vector<uint32_t>& rows) const {
  if (pruned_ < 0) return rows.push_back(static_cast<uint32_t>(words_) + id);
  const uint64_t bit = id & (sieve_.size() * 64 - 1);
  if (!(sieve_[bit / 64] >> (bit % 64) & 1)) return;
  const size_t mask = kept_.size() - 1;
  for (size_t place = mixed(id) & mask; kept_[place].id >= 0; place = (place + 1) & mask)
    if (kept_[place].id == static_cast<int32_t>(id)) return rows.push_back(static_cast<uint32_t>(words_) + static_cast<uint32_t>(kept_[place].row));
}

}  // namespace millrace::fasttext
