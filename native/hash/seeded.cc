#include "native/hash/seeded.h"

#include <cstring>
#include <string>

#include "native/hash/xxh3.h"

namespace millrace::hash {

std::vector<uint64_t> seeded_hash(uint64_t seed, std::span<const uint8_t> ids, std::string_view purpose) {
  std::string message(24 + purpose.size(), '\0');
  std::memcpy(message.data(), &seed, 8);
  if (!purpose.empty()) std::memcpy(message.data() + 24, purpose.data(), purpose.size());
  std::vector<uint64_t> hashes(ids.size() / 16);
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::memcpy(message.data() + 8, ids.data() + 16 * i, 16);
    hashes[i] = xxh3_64(message);
  }
  return hashes;
}

}  // namespace millrace::hash
