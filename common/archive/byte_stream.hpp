// Where an archive comes from and goes to: bytes one after the other, without going back.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <span>
#include <stop_token>
#include <string>

namespace swarmout {

/// One thread.
class ByteSource {
public:
  virtual ~ByteSource() = default;
  /// The next bytes; how many; 0 at the end. Errors: temporary: it cannot be read now, or stopped.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  /// Passes over `count` bytes. False: it ends before that.
  [[nodiscard]] virtual Result<bool> skip(Bytes count);
  /// For messages.
  [[nodiscard]] virtual std::string shown() const = 0;
};

/// One thread.
class ByteSink {
public:
  virtual ~ByteSink() = default;
  /// All of it. Errors: cannot_write; temporary, if stopped.
  [[nodiscard]] virtual Result<void> write(ByteView bytes) = 0;
};

/// Reads what is open already; a pipe that gives nothing is waited for until `stop`. A file is not read where it is
/// skipped.
class FdSource final : public ByteSource {
public:
  /// The descriptor must stay open. `shown`: for messages.
  FdSource(int fd, std::string shown, std::stop_token stop);
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<bool> skip(Bytes count) override;
  std::string shown() const override { return shown_; }

private:
  int fd_;
  std::string shown_;
  std::stop_token stop_;
};

/// Writes to what is open already; a pipe that takes nothing is waited for until `stop`.
class FdSink final : public ByteSink {
public:
  FdSink(int fd, std::string shown, std::stop_token stop);
  Result<void> write(ByteView bytes) override;

private:
  int fd_;
  std::string shown_;
  std::stop_token stop_;
  bool file_;
};

}  // namespace swarmout
