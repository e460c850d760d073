#include "native/fasttext/features.h"

#include <cstring>

namespace millrace::fasttext {
namespace {

// Eight bytes a step; never 0. Only for finding a word again: a collision costs time, and texts are compared.
uint64_t key_of(std::string_view token) {
  uint64_t key = 0x9e3779b97f4a7c15ull ^ token.size();
  const char* at = token.data();
  size_t left = token.size();
  const auto mix = [&](uint64_t part) {
    const auto product = static_cast<unsigned __int128>(key ^ part) * 0xd6e8feb86659fd93ull;
    key = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  for (; left > 8; left -= 8, at += 8) {
    uint64_t part;
    std::memcpy(&part, at, 8);
    mix(part);
  }
  uint64_t part = 0;
  std::memcpy(&part, at, left);
  mix(part);
  return key | 1;
}

}  // namespace

Words::Words(const Dictionary& dictionary) : dictionary_(dictionary), places_(kPlaces) {}

void Words::bind(std::string_view token) {
  bounded_.assign(1, '<');
  bounded_.append(token);
  bounded_.push_back('>');
}

const Words::Place* Words::remembered(std::string_view token) {
  const uint64_t key = key_of(token);
  size_t at = (key >> 20) & (kPlaces - 1);
  for (size_t probe = 0; probe < kProbes; ++probe, at = (at + 1) & (kPlaces - 1)) {
    Place& place = places_[at];
    if (place.key == 0) {
      remember(token, key, place);
      return &place;
    }
    if (place.key == key && place.length == token.size() && std::memcmp(texts_.data() + place.text, token.data(), token.size()) == 0) return &place;
  }
  return nullptr;
}

void Words::remember(std::string_view token, uint64_t key, Place& place) {
  if (used_ >= kMostWords || rows_.size() >= kMostRows) {
    std::fill(places_.begin(), places_.end(), Place{});
    texts_.clear();
    rows_.clear();
    used_ = 0;
  }
  ++used_;
  place.key = key;
  place.text = static_cast<uint32_t>(texts_.size());
  place.length = static_cast<uint16_t>(token.size());
  place.first = static_cast<uint32_t>(rows_.size());
  place.hash = hash_of(token);
  texts_.append(token);
  place.word = dictionary_.append_word(token, place.hash, rows_);
  if (place.word && dictionary_.has_subwords(token)) {
    bind(token);
    dictionary_.append_subwords(bounded_, 0, SIZE_MAX, rows_);
  }
  place.count = static_cast<uint32_t>(rows_.size()) - place.first;
}

}  // namespace millrace::fasttext
