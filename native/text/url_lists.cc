#include "native/text/url_lists.h"

#include <cstring>
#include <deque>

#include "native/text/interner.h"

namespace millrace::text {

Error StringSet::add(std::string_view text) {
  if (pages_.empty() || used_.back() + text.size() + 1 > kPage) {
    if ((pages_.size() + 1) * kPage > size_t{1} << 32) return {kMemory, "expected a list of at most 4 GiB, found more"};
    pages_.push_back(std::make_unique_for_overwrite<char[]>(kPage));
    used_.push_back(0);
  }
  if (starts_ == size_t{1} << 30) return {kMemory, "expected a list of at most 1073741824 entries, found more"};
  char* to = pages_.back().get() + used_.back();
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  to[text.size()] = '\n';
  used_.back() += static_cast<uint32_t>(text.size()) + 1;
  ++starts_;
  return Error::none();
}

std::string_view StringSet::at(uint32_t place) const {
  const char* start = pages_[place / kPage].get() + place % kPage;
  return {start, static_cast<size_t>(static_cast<const char*>(std::memchr(start, '\n', kPage - place % kPage)) - start)};
}

void StringSet::finish() {
  size_t slots = 16;
  while (slots < starts_ + starts_ / 3) slots *= 2;
  slots_.assign(slots, 0);
  for (size_t page = 0; page < pages_.size(); ++page) {
    for (size_t from = 0; from < used_[page];) {
      const auto place = static_cast<uint32_t>(page * kPage + from);
      const std::string_view text = at(place);
      from += text.size() + 1;
      size_t i = hash_bytes(text) & (slots - 1);
      while (slots_[i] != 0 && at(slots_[i] - 1) != text) i = (i + 1) & (slots - 1);
      if (slots_[i] != 0) continue;
      slots_[i] = place + 1;
      ++size_;
    }
  }
}

bool StringSet::contains(std::string_view text) const {
  if (slots_.empty() || text.size() > kLongest) return false;
  for (size_t i = hash_bytes(text) & (slots_.size() - 1); slots_[i] != 0; i = (i + 1) & (slots_.size() - 1)) {
    const uint32_t place = slots_[i] - 1;
    const char* entry = pages_[place / kPage].get() + place % kPage;
    const size_t left = kPage - place % kPage;
    if (text.size() < left && entry[text.size()] == '\n' && std::memcmp(entry, text.data(), text.size()) == 0) return true;
  }
  return false;
}

void Automaton::add(std::string_view word) {
  uint32_t at = 0;
  for (const char c : word) {
    if (states_[at].next[symbol(c)] == 0) {
      states_[at].next[symbol(c)] = static_cast<uint32_t>(states_.size());
      states_.emplace_back();
    }
    at = states_[at].next[symbol(c)];
  }
  states_[at].final = true;
}

void Automaton::finish() {
  std::deque<uint32_t> queue;
  std::vector<uint32_t> fallback(states_.size(), 0);
  for (const uint32_t child : states_[0].next)
    if (child) queue.push_back(child);
  while (!queue.empty()) {
    const uint32_t state = queue.front();
    queue.pop_front();
    states_[state].final |= states_[fallback[state]].final;
    for (int c = 0; c < kSymbols; ++c) {
      const uint32_t behind = states_[fallback[state]].next[c];
      if (const uint32_t child = states_[state].next[c]) {
        fallback[child] = behind;
        queue.push_back(child);
      } else {
        states_[state].next[c] = behind;
      }
    }
  }
}

bool Automaton::finds(std::string_view text) const {
  uint32_t at = 0;
  for (const char c : text) {
    at = states_[at].next[symbol(c)];
    if (states_[at].final) return true;
  }
  return false;
}

}  // namespace millrace::text
