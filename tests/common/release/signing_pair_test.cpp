#include "common/release/signing_pair.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <set>
#include <thread>

namespace swarmout::test {

namespace {

class KeyPairTest : public testing::Test {
protected:
  SigningKey signing() const { return SigningKey::load(keys_ / kSecretKeyFile).value(); }
  std::string signs() const { return signing().verify_key().id(); }
  std::string id_in(std::string_view file) const { return VerifyKey::load(keys_ / file).value().id(); }
  std::set<std::string> trusted() const {
    std::set<std::string> ids;
    const TrustedKeys keys = TrustedKeys::load(keys_).value();
    for (const auto& each : keys.entries()) {
      ids.insert(each.key.id());
    }
    return ids;
  }
  std::vector<std::string> names() const { return list_directory(keys_).value(); }
  unsigned mode(std::string_view file) const {
    struct stat info {};
    EXPECT_EQ(::stat((keys_ / file).c_str(), &info), 0) << file;
    return info.st_mode & 0777;
  }
  void remove(std::string_view file) const { ASSERT_EQ(::unlink((keys_ / file).c_str()), 0); }

  TempDir temp_;
  Path keys_ = temp_ / "keys";
};

class RotationTest : public KeyPairTest {
protected:
  RotationTest() {
    EXPECT_THAT(ensure_key_pair(keys_), IsOk());
    old_ = signs();
  }
  std::string old_;
};

/// All at the same moment.
template <typename Do>
void by_eight(Do each) {
  std::atomic<bool> go = false;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      while (!go) {
      }
      each();
    });
  }
  go = true;
}

}  // namespace

TEST_F(KeyPairTest, APairIsMadeOnceAndMissingPublicHalvesAgain) {
  EXPECT_EQ(ensure_key_pair(keys_).value(), PairWas::missing);
  const std::string id = signs();
  EXPECT_EQ(ensure_key_pair(keys_).value(), PairWas::there);
  remove(kPublicKeyFile);
  EXPECT_EQ(ensure_key_pair(keys_).value(), PairWas::half);

  EXPECT_EQ(trusted(), std::set{id});
  EXPECT_EQ(signs(), id);
}

TEST_F(KeyPairTest, APublicKeyAloneIsLeftAlone) {
  ASSERT_OK(ensure_key_pair(keys_));
  remove(kSecretKeyFile);

  EXPECT_THAT(ensure_key_pair(keys_), FailsWith(ErrorCode::usage, "exists already"));
  EXPECT_EQ(names(), std::vector<std::string>{"swarmout.pub"});
}

TEST_F(KeyPairTest, HalvesThatDoNotBelongTogetherAreRefused) {
  ASSERT_OK(ensure_key_pair(keys_));
  ASSERT_OK(ensure_key_pair(temp_ / "other"));
  std::filesystem::copy_file(temp_ / "other/swarmout.pub", keys_ / "swarmout.pub",
                             std::filesystem::copy_options::overwrite_existing);

  EXPECT_THAT(ensure_key_pair(keys_), FailsWith(ErrorCode::refused, "do not belong together"));
}

TEST_F(KeyPairTest, EightWhoMakeItAtOnceHaveOneAndTheSame) {
  std::atomic<int> made = 0;
  by_eight([&] {
    const auto pair = ensure_key_pair(keys_);
    EXPECT_THAT(pair, IsOk());
    made += pair && *pair == PairWas::missing ? 1 : 0;
  });

  EXPECT_EQ(made, 1);
  EXPECT_EQ(trusted(), std::set{signs()});
  EXPECT_EQ(names(), (std::vector<std::string>{"swarmout.key", "swarmout.pub"})) << "nothing is left of the others";
}

TEST_F(KeyPairTest, ModesAreTheSameWhateverTheUmask) {
  for (const unsigned mask : {0U, 077U, 0177U}) {
    keys_ = temp_ / std::to_string(mask);
    ASSERT_OK(make_directories(keys_));
    const auto before = ::umask(mask);
    const auto made = ensure_key_pair(keys_);
    const auto begun = begin_rotation(keys_);
    ::umask(before);
    ASSERT_THAT(made, IsOk());
    ASSERT_THAT(begun, IsOk());
    for (const std::string_view secret : {kSecretKeyFile, kNextSecretKeyFile}) {
      EXPECT_EQ(mode(secret), 0600U) << mask;
    }
    for (const std::string_view open : {kPublicKeyFile, kNextPublicKeyFile}) {
      EXPECT_EQ(mode(open), 0644U) << mask;
    }
  }
}

// The change to another key.

TEST_F(RotationTest, GoesFromOneKeyOverTwoToTheOther) {
  ASSERT_OK_AND_ASSIGN(const RotationStep begun, begin_rotation(keys_));
  EXPECT_NE(begun.key, old_);
  EXPECT_EQ(signs(), old_);
  EXPECT_EQ(trusted(), (std::set{old_, begun.key}));

  ASSERT_OK(switch_rotation(keys_));
  EXPECT_EQ(signs(), begun.key);
  EXPECT_EQ(trusted(), (std::set{old_, begun.key}));
  EXPECT_EQ(mode(kSecretKeyFile), 0600U);
  EXPECT_EQ(key_after_rotation(keys_).value()->id(), begun.key);

  ASSERT_OK(end_rotation(keys_));
  EXPECT_EQ(signs(), begun.key);
  EXPECT_EQ(trusted(), std::set{begun.key});
  EXPECT_EQ(names(), (std::vector<std::string>{"swarmout.key", "swarmout.pub"})) << "as after an init";
}

TEST_F(RotationTest, EachStepMayBeRunTwice) {
  const RotationStep begun = begin_rotation(keys_).value();
  EXPECT_TRUE(begun.done);
  for (const auto& [step, name] :
       {std::pair(&begin_rotation, "begin"), std::pair(&switch_rotation, "switch"), std::pair(&end_rotation, "end")}) {
    for (int i = 0; i < 2; ++i) {
      ASSERT_OK_AND_ASSIGN(const RotationStep again, step(keys_));
      EXPECT_EQ(again.key, begun.key) << name;
      EXPECT_EQ(again.done, i == 0 && step != &begin_rotation) << name;
    }
  }
}

TEST_F(RotationTest, StepsThatAreNotDueAreRefusedAndChangeNothing) {
  EXPECT_THAT(switch_rotation(keys_), FailsWith(ErrorCode::usage, "no change of keys is begun"));
  EXPECT_FALSE(end_rotation(keys_).value().done);
  EXPECT_EQ(names(), (std::vector<std::string>{"swarmout.key", "swarmout.pub"}));

  ASSERT_OK(begin_rotation(keys_));
  EXPECT_THAT(end_rotation(keys_), FailsWith(ErrorCode::usage, "the old key still signs"));
  EXPECT_EQ(signs(), old_);

  ASSERT_OK(switch_rotation(keys_));
  EXPECT_THAT(begin_rotation(keys_), FailsWith(ErrorCode::usage, "not at its end"));
  EXPECT_EQ(trusted().size(), 2U);
}

TEST_F(RotationTest, ABeginThatWasKilledHalfwayIsFinishedByTheNext) {
  const std::string next = begin_rotation(keys_).value().key;
  remove(kNextPublicKeyFile);

  EXPECT_THAT(switch_rotation(keys_), FailsWith(ErrorCode::usage, "nobody trusts that key yet"));
  EXPECT_EQ(signs(), old_);
  EXPECT_EQ(begin_rotation(keys_).value().key, next) << "the key that may have been given to hosts";
  EXPECT_EQ(trusted(), (std::set{old_, next}));
}

TEST_F(RotationTest, APublicKeyOfAChangeElsewhereIsNotReplaced) {
  ASSERT_OK(begin_rotation(keys_));
  remove(kNextSecretKeyFile);
  const auto before = trusted();

  EXPECT_THAT(begin_rotation(keys_), FailsWith(ErrorCode::usage, "has no swarmout-next.key"));
  EXPECT_THAT(switch_rotation(keys_), FailsWith(ErrorCode::usage, "no change of keys is begun"));
  EXPECT_THAT(end_rotation(keys_), FailsWith(ErrorCode::usage, "switch to the new key first"));
  EXPECT_EQ(trusted(), before);
}

TEST_F(RotationTest, HalvesOfDifferentKeysAreRefused) {
  ASSERT_OK(begin_rotation(keys_));
  ASSERT_OK(ensure_key_pair(temp_ / "other"));
  std::filesystem::copy_file(temp_ / "other/swarmout.pub", keys_ / kNextPublicKeyFile,
                             std::filesystem::copy_options::overwrite_existing);

  EXPECT_THAT(begin_rotation(keys_), FailsWith(ErrorCode::refused, "do not belong together"));
  EXPECT_THAT(switch_rotation(keys_), FailsWith(ErrorCode::refused, "do not belong together"));
  EXPECT_THAT(end_rotation(keys_), FailsWith(ErrorCode::refused, "do not belong together"));
  EXPECT_EQ(signs(), old_);
}

TEST_F(RotationTest, ASecretKeyThatOthersMayReadStopsEveryStep) {
  ASSERT_OK(begin_rotation(keys_));
  ASSERT_EQ(::chmod((keys_ / kNextSecretKeyFile).c_str(), 0640), 0);

  EXPECT_THAT(begin_rotation(keys_), FailsWith(ErrorCode::cannot_write, "chmod 600"));
  EXPECT_THAT(switch_rotation(keys_), FailsWith(ErrorCode::cannot_write, "chmod 600"));
}

TEST_F(RotationTest, AHostWithPublicKeysAloneComesToTheSameEnd) {
  const std::string next = begin_rotation(keys_).value().key;
  remove(kSecretKeyFile);
  remove(kNextSecretKeyFile);

  EXPECT_TRUE(end_rotation(keys_).value().done);
  EXPECT_EQ(trusted(), std::set{next});
  EXPECT_EQ(names(), std::vector<std::string>{"swarmout.pub"});
}

TEST_F(RotationTest, EightAtOnceTakeEachStepTogether) {
  for (const auto& [step, keys] :
       {std::pair(&begin_rotation, 2U), std::pair(&switch_rotation, 2U), std::pair(&end_rotation, 1U)}) {
    std::atomic<int> done = 0;
    by_eight([&, take = step] {
      const auto taken = take(keys_);
      EXPECT_THAT(taken, IsOk());
      done += taken && taken->done ? 1 : 0;
    });
    EXPECT_EQ(done, 1);
    EXPECT_EQ(trusted().size(), keys);
    EXPECT_TRUE(trusted().contains(signs()));
  }
}

TEST_F(RotationTest, WhoReadsTheKeysMeanwhileAlwaysFindsTheOneThatSigns) {
  std::atomic<bool> over = false;
  std::jthread reader([&] {
    while (!over) {
      const auto keys = TrustedKeys::load(keys_);
      EXPECT_THAT(keys, IsOk());
    }
  });
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(begin_rotation(keys_));
    const SigningKey before = signing();
    EXPECT_THAT(TrustedKeys::load(keys_).value().verify_line("x", before.sign_line("x").value()), IsOk());
    ASSERT_OK(switch_rotation(keys_));
    ASSERT_OK(end_rotation(keys_));
  }
  over = true;
}

}  // namespace swarmout::test
