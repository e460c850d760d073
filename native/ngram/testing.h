#pragma once
// What the tests of this domain share.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "native/base/span.h"

namespace millrace::ngram {

// A folder of its own, gone with the object.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ngram-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name) const { return path + "/" + name; }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }
  std::string read(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(file(name), std::ios::binary).rdbuf();
    return out.str();
  }
  std::string path;
};

struct Texts {
  explicit Texts(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      bytes.insert(bytes.end(), text.begin(), text.end());
      offsets.push_back(static_cast<int32_t>(bytes.size()));
    }
  }
  operator TextColumn() const { return {offsets, bytes}; }
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> bytes;
};

}  // namespace millrace::ngram
