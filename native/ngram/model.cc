#include "native/ngram/model.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdio>

#include "native/hash/xxh3.h"
#include "native/ngram/arpa.h"

namespace millrace::ngram {
namespace {

constexpr char kMagic[8] = {'M', 'R', 'N', 'G', 'R', 'A', 'M', '\n'};
constexpr uint32_t kVersion = 1;

std::string system_says(const std::string& what) { return what + ": " + std::strerror(errno); }

Error bad(const std::string& where, const std::string& expected, const std::string& found) {
  return {kBadModel, where + ": expected " + expected + ", found " + found};
}

std::string_view view(const void* data, size_t size) { return {static_cast<const char*>(data), size}; }
template <class T>
std::string_view view(std::span<const T> data) {
  return view(data.data(), data.size_bytes());
}

bool usable(Weights weights) { return std::isfinite(weights.log10) && std::isfinite(weights.backoff); }

// True if a place is free, free places are the last of their lines, and keys and weights are ones that a model can have.
template <class L>
bool sound(std::span<const L> table, size_t parents, size_t words, uint64_t count) {
  uint64_t full = 0;
  for (const L& line : table) {
    bool free = false;
    for (size_t i = 0; i < L::kLanes; ++i) {
      if (line.keys[i] == kEmpty) {
        free = true;
        continue;
      }
      ++full;
      if (free || line.keys[i] >> 32 >= parents || static_cast<uint32_t>(line.keys[i]) >= words) return false;
      if constexpr (sizeof(line.keys) == sizeof(Line::keys)) {
        if (!usable(line.weights[i])) return false;
      } else {
        if (!std::isfinite(line.log10[i]) || line.log10[i] > 0) return false;
      }
    }
  }
  return full == count && full < table.size() * L::kLanes && table.size() <= kNone / L::kLanes;
}

}  // namespace

// Sections follow in this order: word slots, unigrams, middle orders, top order, letters; each begins on a multiple of 64 bytes, which are
// the lines of the cache where the file is mapped.
struct alignas(64) Model::Header {
  char magic[8];
  uint32_t version, order, words, bos, eos, vocabulary;
  uint64_t word_slots, letters;
  uint64_t slots[kMaxOrder];  // words of order 1, lines of the others
  uint64_t counts[kMaxOrder];
  uint64_t payload, payload_digest;  // bytes behind the header, and their XXH3
  uint64_t zeros[3];
  uint64_t header_digest;            // XXH3 of the header up to here
};

Model::~Model() {
  if (mapped_) munmap(mapped_, mapped_size_);
}

Model::Header Model::header() const {
  Header h{};
  std::memcpy(h.magic, kMagic, sizeof kMagic);
  h.version = kVersion;
  h.order = static_cast<uint32_t>(order_);
  h.words = static_cast<uint32_t>(words_);
  h.bos = bos_;
  h.eos = eos_;
  h.vocabulary = static_cast<uint32_t>(unigrams_.size());
  h.word_slots = word_slots_.size();
  h.letters = letters_.size();
  h.slots[0] = unigrams_.size();
  for (int k = 2; k <= order_; ++k) h.slots[k - 1] = k < order_ ? middle(k).size() : top_.size();
  for (int k = 1; k <= order_; ++k) h.counts[k - 1] = counts_[k - 1];
  return h;
}

Error Model::save(const std::string& path) const {
  Header h = header();
  std::vector<std::string_view> sections{view(word_slots_), view(unigrams_)};
  for (int k = 2; k < order_; ++k) sections.push_back(view(middle(k)));
  sections.push_back(view(top_));
  sections.push_back(view(letters_));
  // The digest of a section's digests, as XXH3 here takes one piece.
  std::vector<uint64_t> digests;
  for (const auto section : sections) {
    h.payload += (section.size() + 63) / 64 * 64;
    digests.push_back(hash::xxh3_64(section));
  }
  h.payload_digest = hash::xxh3_64(view(digests.data(), digests.size() * 8));
  h.header_digest = hash::xxh3_64(view(&h, offsetof(Header, header_digest)));
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return {kIo, system_says("writing " + path)};
  bool written = std::fwrite(&h, sizeof h, 1, file) == 1;
  for (const auto section : sections) {
    static constexpr char kPadding[64] = {};
    const size_t padding = (64 - section.size() % 64) % 64;
    written = written && (section.empty() || std::fwrite(section.data(), 1, section.size(), file) == section.size()) && std::fwrite(kPadding, 1, padding, file) == padding;
  }
  const Error error = written ? Error::none() : Error(kIo, system_says("writing " + path));
  if (std::fclose(file) != 0 && !error) return {kIo, system_says("writing " + path)};
  return error;
}

Error Model::map(const std::string& path, int file, uint64_t size) {
  Header h;
  if (size < sizeof h) return bad("byte " + std::to_string(size), "a header of " + std::to_string(sizeof h) + " bytes", "the end of the file");
  mapped_ = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (mapped_ == MAP_FAILED) {
    mapped_ = nullptr;
    return {kIo, system_says("mapping " + path)};
  }
  mapped_size_ = size;
  std::memcpy(&h, mapped_, sizeof h);
  static_assert(sizeof h % 64 == 0);
  if (h.version != kVersion) return bad("byte 8", "version " + std::to_string(kVersion), "version " + std::to_string(h.version));
  if (h.header_digest != hash::xxh3_64(view(&h, offsetof(Header, header_digest)))) return bad("byte 0", "a header as it was written", "another digest");
  if (h.payload != size - sizeof h)
    return bad("byte " + std::to_string(size), std::to_string(sizeof h + h.payload) + " bytes", std::to_string(size) + ": the file was cut short or added to");
  if (h.order < 1 || h.order > kMaxOrder || h.words > 1 || h.vocabulary == 0 || h.bos >= h.vocabulary || h.eos >= h.vocabulary || h.slots[0] != h.vocabulary ||
      h.word_slots == 0 || h.letters > UINT32_MAX)
    return bad("byte 8", "a header that a model can have", "another");
  order_ = static_cast<int>(h.order);
  words_ = static_cast<Words>(h.words);
  bos_ = h.bos;
  eos_ = h.eos;
  const char* at = static_cast<const char*>(mapped_) + sizeof h;
  uint64_t left = h.payload;
  std::vector<uint64_t> digests;
  bool fits = true;
  const auto section = [&]<class T>(std::span<const T>& out, uint64_t count) {
    if (!fits || count > left / sizeof(T)) return void(fits = false);
    out = {reinterpret_cast<const T*>(at), static_cast<size_t>(count)};
    const uint64_t size = count * sizeof(T), bytes = (size + 63) / 64 * 64;
    if (bytes > left || std::count(at + size, at + bytes, 0) != static_cast<ptrdiff_t>(bytes - size)) return void(fits = false);
    digests.push_back(hash::xxh3_64(view(out)));
    at += bytes;
    left -= bytes;
  };
  section(word_slots_, h.word_slots);
  section(unigrams_, h.slots[0]);
  for (int k = 2; k < order_; ++k) section(middle_[k - 2], h.slots[k - 1]);
  section(top_, order_ > 1 ? h.slots[order_ - 1] : 0);
  section(letters_, h.letters);
  if (!fits || left != 0) return bad("byte 8", "tables that fill the file, and zeros between them", "others");
  if (h.payload_digest != hash::xxh3_64(view(digests.data(), digests.size() * 8))) return bad("byte " + std::to_string(sizeof h), "tables as they were written", "another digest");
  for (int k = 1; k <= order_; ++k) counts_[k - 1] = h.counts[k - 1];
  return check();
}

// A digest proves no good will: what lookups rely on is checked.
Error Model::check() const {
  const auto wrong = [&](const char* what) { return bad("byte 8", what, "others"); };
  size_t empty = 0;
  for (const WordSlot& slot : word_slots_) {
    empty += slot.id == kNone;
    if (slot.id != kNone && (slot.id >= unigrams_.size() || slot.offset > letters_.size() || slot.length > letters_.size() - slot.offset))
      return wrong("words within the file");
  }
  if (empty == 0) return wrong("word slots of which some are empty");
  for (const Weights& weights : unigrams_)
    if (!usable(weights)) return wrong("probabilities of words");
  size_t parents = unigrams_.size();
  for (int k = 2; k < order_; ++k) {
    if (!sound(middle(k), parents, unigrams_.size(), counts_[k - 1])) return wrong("sound n-gram tables");
    parents = middle(k).size() * Line::kLanes;
  }
  if (order_ > 1 && !sound(top_, parents, unigrams_.size(), counts_[order_ - 1])) return wrong("sound n-gram tables");
  return Error::none();
}

Error Model::load(const std::string& path, std::unique_ptr<Model>& out) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {kIo, system_says("opening " + path)};
  struct stat status{};
  char magic[sizeof kMagic] = {};
  const bool known = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const ssize_t got = known ? pread(file, magic, sizeof magic, 0) : -1;
  auto model = std::make_unique<Model>();
  Error error;
  if (got < 0) {
    error = {kIo, known ? system_says("reading " + path) : "reading " + path + ": expected a file"};
  } else if (got == sizeof magic && std::memcmp(magic, kMagic, sizeof magic) == 0) {
    error = model->map(path, file, static_cast<uint64_t>(status.st_size));
  } else {
    close(file);
    return read_arpa(path, out);
  }
  close(file);
  if (!error) out = std::move(model);
  return error;
}

}  // namespace millrace::ngram
