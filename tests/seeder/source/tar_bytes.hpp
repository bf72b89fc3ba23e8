// Tar streams made by hand.

#pragma once

#include "seeder/source/tar_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace swarmout::test {

inline constexpr std::size_t kBlock = 512;

/// One ustar header. `size` beyond what 11 octal digits hold is written as GNU tar does, in base 256.
inline std::string header(const std::string& name, char type, Bytes size, const std::string& link = "",
                          int mode = 0644) {
  std::string block(kBlock, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  put(0, name);
  put(100, fmt::format("{:07o}", mode));
  put(108, "0000000");
  put(116, "0000000");
  put(136, "00000000000");
  if (size < 8 * kGiB) {
    put(124, fmt::format("{:011o}", size));
  } else {
    block[124] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) {
      block[135 - i] = static_cast<char>(size >> (8 * i));
    }
  }
  block[156] = type;
  put(157, link);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : block) {
    sum += static_cast<unsigned char>(c);
  }
  put(148, fmt::format("{:06o}", sum) + '\0');
  return block;
}
inline std::string padded(std::string content) {
  content.resize((content.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return content;
}
inline std::string tar_file(const std::string& name, const std::string& content, int mode = 0644) {
  return header(name, '0', content.size(), "", mode) + padded(content);
}
inline std::string tar_directory(const std::string& name) {
  return header(name, '5', 0, "", 0755);
}
/// A pax extended header for the entry after it.
inline std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) {
    ++length;
  }
  const std::string record = std::to_string(length) + rest;
  return header("PaxHeaders/x", 'x', record.size()) + padded(record);
}
inline std::string end_mark() {
  return std::string(2 * kBlock, '\0');
}

/// Reads a stream that arrives in pieces of at most `step` bytes.
inline Result<void> read(std::string_view bytes, TreeSink& sink, std::size_t step = 64 * kKiB) {
  return read_tar(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t size = std::min({step, out.size(), bytes.size()});
        std::memcpy(out.data(), bytes.data(), size);
        bytes.remove_prefix(size);
        return size;
      },
      sink);
}

}  // namespace swarmout::test
