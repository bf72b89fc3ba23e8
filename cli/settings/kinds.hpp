// The kinds of values that settings have: how each is read, how its default is written, and what is allowed.
//
// A kind has
//   words()       for people, in help: "DURATION", "0..10"; empty for a flag
//   allowed()     what an error says: `"ten" is not <allowed>`
//   read(text, value)  false for a text that is not allowed; `value` is untouched then
//   written(value)     as read() takes it; empty if there is nothing to show
//   wrong(text)        a long one may have it: which part is not allowed, and why

#pragma once

#include "common/base/files.hpp"
#include "common/base/net/address_set.hpp"
#include "common/base/units.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

/// "90s", "1h30m", "250ms". Of a value in seconds only whole seconds are allowed.
struct Duration {
  std::chrono::milliseconds least{0};

  [[nodiscard]] std::string words() const { return "DURATION"; }
  [[nodiscard]] std::string allowed() const;
  [[nodiscard]] bool read(std::string_view text, std::chrono::milliseconds& value) const;
  [[nodiscard]] bool read(std::string_view text, std::chrono::seconds& value) const;
  [[nodiscard]] bool read(std::string_view text, std::optional<std::chrono::milliseconds>& value) const;
  [[nodiscard]] std::string written(std::chrono::milliseconds value) const;
  [[nodiscard]] std::string written(std::chrono::seconds value) const {
    return written(std::chrono::milliseconds(value));
  }
  [[nodiscard]] std::string written(const std::optional<std::chrono::milliseconds>& value) const {
    return value ? written(*value) : "";
  }
};

/// A whole number.
struct Count {
  std::uint64_t least = 0;
  std::uint64_t most = 0;

  [[nodiscard]] std::string words() const;
  [[nodiscard]] std::string allowed() const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view text) const;
  template <typename T>
  [[nodiscard]] bool read(std::string_view text, T& value) const {
    const auto found = number(text);
    if (!found || std::cmp_greater(*found, std::numeric_limits<T>::max())) {
      return false;
    }
    value = static_cast<T>(*found);
    return true;
  }
  template <typename T>
  [[nodiscard]] std::string written(T value) const {
    return std::to_string(value);
  }
};

/// Where this host listens, for others to connect to: 0 is any free one.
struct Port {
  [[nodiscard]] std::string words() const { return "PORT"; }
  [[nodiscard]] std::string allowed() const { return "0, or a port from 1024 to 65535"; }
  [[nodiscard]] bool read(std::string_view text, std::uint16_t& value) const;
  [[nodiscard]] std::string written(std::uint16_t value) const { return std::to_string(value); }
};

/// Bytes a second: "500K", "50M", "1G" are powers of 1024; 0: no limit.
struct Rate {
  [[nodiscard]] std::string words() const { return "RATE"; }
  [[nodiscard]] std::string allowed() const;
  [[nodiscard]] bool read(std::string_view text, Bytes& value) const;
  [[nodiscard]] std::string written(Bytes value) const;
};

/// From 0 to 1, or "0%" to "100%".
struct Fraction {
  [[nodiscard]] std::string words() const { return "PERCENT|0..1"; }
  [[nodiscard]] std::string allowed() const { return "a number from 0 to 1, or from 0% to 100%"; }
  [[nodiscard]] bool read(std::string_view text, double& value) const;
  [[nodiscard]] std::string written(double value) const;
};

/// How much of a file system shall stay free: "10%", or bytes as "20G"; "0": it does not matter.
struct FreeSpace {
  [[nodiscard]] std::string words() const { return "PERCENT|SIZE"; }
  [[nodiscard]] std::string allowed() const {
    return "a part of the disk from 0% to 90%, or a size from 1M on (500M, 20G)";
  }
  /// `T` has percent and bytes; one of them is 0.
  template <typename T>
  [[nodiscard]] bool read(std::string_view text, T& value) const {
    T found{};
    if (!parts(text, found.percent, found.bytes)) {
      return false;
    }
    value = found;
    return true;
  }
  template <typename T>
  [[nodiscard]] std::string written(const T& value) const {
    return value.bytes > 0 ? Rate{}.written(value.bytes) : std::to_string(value.percent) + '%';
  }

private:
  [[nodiscard]] static bool parts(std::string_view text, unsigned& percent, Bytes& bytes);
};

/// On the command line without a value.
struct Flag {
  [[nodiscard]] std::string words() const { return ""; }
  [[nodiscard]] std::string allowed() const { return "true or false"; }
  [[nodiscard]] bool read(std::string_view text, bool& value) const;
  [[nodiscard]] std::string written(bool value) const { return value ? "true" : "false"; }
};

/// One of a few words.
template <typename T>
struct Choice {
  std::vector<std::pair<std::string, T>> choices;

  [[nodiscard]] std::string words() const {
    std::string all;
    for (const auto& [word, value] : choices) {
      all += (all.empty() ? "" : "|") + word;
    }
    return all;
  }
  [[nodiscard]] std::string allowed() const { return "one of " + words(); }
  [[nodiscard]] bool read(std::string_view text, T& value) const {
    for (const auto& [word, meaning] : choices) {
      if (word == text) {
        value = meaning;
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::string written(const T& value) const {
    for (const auto& [word, meaning] : choices) {
      if (meaning == value) {
        return word;
      }
    }
    return "";
  }
};

/// A file or a directory: any bytes but none.
struct Place {
  std::string word = "DIR";

  [[nodiscard]] std::string words() const { return word; }
  [[nodiscard]] std::string allowed() const { return "a path"; }
  [[nodiscard]] bool read(std::string_view text, Path& value) const;
  [[nodiscard]] bool read(std::string_view text, std::optional<Path>& value) const;
  [[nodiscard]] bool read(std::string_view text, std::string& value) const;
  [[nodiscard]] std::string written(const std::string& value) const { return value; }
  [[nodiscard]] std::string written(const Path& value) const { return value.native(); }
  [[nodiscard]] std::string written(const std::optional<Path>& value) const { return value.value_or("").native(); }
};

struct Text {
  std::string word;
  std::size_t shortest = 0;
  std::size_t longest = 64 * kKiB;
  bool one_line = false;  ///< it is shown and stored: no control characters

  [[nodiscard]] std::string words() const { return word; }
  [[nodiscard]] std::string allowed() const;
  [[nodiscard]] bool read(std::string_view text, std::string& value) const;
  [[nodiscard]] std::string written(const std::string& value) const { return value; }
};

/// Where the swarm listens, as it was asked for.
struct ListenAt {
  std::string address;     ///< numeric, without brackets; empty: the one that reaches the share
  std::uint16_t port = 0;  ///< 0: any; hosts do not connect to those below 1024
  bool operator==(const ListenAt&) const = default;
};
struct ListenAddress {
  [[nodiscard]] std::string words() const { return "ADDRESS[:PORT]"; }
  [[nodiscard]] std::string allowed() const {
    return "a numeric address, with or without a port from 1024 on "
           "(192.0.2.7, 192.0.2.7:6881, [2001:db8::7]:6881, :6881)";
  }
  [[nodiscard]] bool read(std::string_view text, ListenAt& value) const;
  [[nodiscard]] std::string written(const ListenAt&) const { return ""; }
};

/// Addresses that a host talks to.
struct Networks {
  [[nodiscard]] std::string words() const { return "CIDR[,CIDR…]"; }
  [[nodiscard]] std::string allowed() const {
    return "a list of networks or addresses (10.0.0.0/8, 2001:db8::/32, 192.0.2.7)";
  }
  [[nodiscard]] bool read(std::string_view text, std::optional<AddressSet>& value) const;
  [[nodiscard]] std::string written(const std::optional<AddressSet>&) const { return ""; }
  /// Which part of a text that is not allowed is wrong, and why.
  [[nodiscard]] std::string wrong(std::string_view text) const;
};

}  // namespace swarmout
