// OpenPGP keys of real gpg, in a home directory of their own.

#pragma once

#include "common/base/subprocess.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace swarmout::test {

/// One person's. Ends its agent when it goes.
class Gpg {
public:
  /// `options`: "--faked-system-time 20200101T000000!", for example; `expires`: of the key, as --quick-gen-key has it.
  explicit Gpg(const std::string& name, const std::string& options = "", const std::string& expires = "never")
      : name_(name) {
    std::filesystem::create_directory(dir_ / "home");
    std::filesystem::permissions(dir_ / "home", std::filesystem::perms::owner_all);
    write_file(program(),
               "#!/bin/sh\nexec gpg --homedir '" + home() +
                   "' --batch --no-tty --quiet --pinentry-mode loopback "
                   "--passphrase '' " +
                   options + " \"$@\"\n",
               true);
    run({"--quick-gen-key", name, "ed25519", "sign", expires});
  }
  ~Gpg() { (void)run_and_capture({{"gpgconf", "--homedir", home(), "--kill", "all"}, {}, {}}, kMiB, {}); }
  Gpg(const Gpg&) = delete;
  Gpg& operator=(const Gpg&) = delete;

  /// What `gpg.program` of a git is set to.
  [[nodiscard]] std::string program() const { return dir_ / "gpg"; }
  [[nodiscard]] std::string home() const { return dir_ / "home"; }
  std::string run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), program());
    const auto said = run_and_capture({std::move(arguments), {}, {}}, kMiB, {});
    EXPECT_THAT(said, IsOk());
    return said.value_or("");
  }
  [[nodiscard]] std::string public_key() const { return run({"--export"}); }

  /// What `user.signingkey` of a git is set to.
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  std::string name_;
  TempDir dir_;
};

}  // namespace swarmout::test
