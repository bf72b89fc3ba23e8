// Which deltas a host takes, by what it has and what is on the share.

#include "peer/delta/find_deltas.hpp"

#include "tests/peer/fetch/following.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <map>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FindDeltas : public testing::Test {
protected:
  /// The `number`th release: at 2, 4, 6, … with a delta from the one before it, which is on the share.
  const Descriptor& publish(std::uint64_t number, Bytes size = 300) {
    SignedDescriptor release = OtherHost::made_up({2 * number}, "r" + std::to_string(number));
    Descriptor& descriptor = release.descriptor;
    descriptor.manifest = manifest_of(number);
    descriptor.packed_size = kMiB;
    descriptor.basis = {2 * (number - 1)};
    if (number > 1) {
      const std::string file = noise(300, static_cast<std::uint32_t>(number));
      descriptor.delta = {manifest_of(number - 1), sha256(file), 300, size, 3};
      EXPECT_THAT(share_.write_blob(delta_blob(descriptor), file), IsOk());
    }
    return (log_[descriptor.position] = signer_.sign(release)).descriptor;
  }
  void is_here(std::uint64_t number) { ASSERT_OK(store_.record(log_.at({2 * number}))); }
  static Digest manifest_of(std::uint64_t number) { return sha256("manifest " + std::to_string(number)); }

  FoundDeltas find(std::uint64_t number) {
    return find_deltas(share_, store_, log_.at({2 * number}).descriptor, [this](Position position) {
      ++asked_;
      const auto found = log_.find(position);
      return found != log_.end() ? Result<SignedDescriptor>(found->second)
                                 : fail(ErrorCode::temporary, "cannot be seen");
    });
  }
  std::vector<std::uint64_t> steps(std::uint64_t number) {
    std::vector<std::uint64_t> positions;
    for (const DeltaStep& each : find(number).steps) {
      positions.push_back(each.release.position.value);
      EXPECT_EQ(sha256(each.file), each.release.delta->file);
    }
    return positions;
  }

  TempDir dir_;
  Store store_ = Store::open(dir_.path()).value();
  MemoryShare share_{std::make_shared<MemoryShareState>()};
  Signer signer_;
  std::map<Position, SignedDescriptor> log_;
  int asked_ = 0;
};

}  // namespace

TEST_F(FindDeltas, FromTheReleaseBeforeThereIsOne) {
  publish(1);
  publish(2);
  is_here(1);

  EXPECT_THAT(steps(2), ElementsAre(4));
  EXPECT_EQ(asked_, 0) << "what is signed with the release is enough";
}

TEST_F(FindDeltas, FromOlderOnesThereAreSeveralInTheirOrder) {
  for (std::uint64_t number = 1; number <= 5; ++number) {
    publish(number);
  }
  is_here(1);
  EXPECT_THAT(steps(5), ElementsAre(4, 6, 8, 10));

  is_here(3);
  EXPECT_THAT(steps(5), ElementsAre(8, 10)) << "from the nearest one that is here";
}

TEST_F(FindDeltas, WithoutARecordNothingIsHere) {
  publish(1);
  publish(2);

  EXPECT_THAT(steps(2), IsEmpty());
  EXPECT_EQ(find(2).why_not, "nothing is here yet");
}

TEST_F(FindDeltas, AReleaseWithoutOneEndsTheWay) {
  publish(1);
  publish(2);
  publish(3);
  is_here(1);
  log_.at({4}).descriptor.delta.reset();

  EXPECT_EQ(find(2).why_not, "release 4 has no delta");
  EXPECT_EQ(find(3).why_not, "release 4 has no delta");
  EXPECT_THAT(steps(3), IsEmpty());
}

TEST_F(FindDeltas, AReleaseThatCannotBeHadOrIsAnotherEndsTheWay) {
  publish(1);
  publish(2);
  publish(3);
  is_here(1);
  const SignedDescriptor second = log_.extract({4}).mapped();
  EXPECT_EQ(find(3).why_not, "release 4, which its delta begins at, is not here");

  log_[{4}] = second;
  log_[{4}].descriptor.manifest = sha256("of another log");
  EXPECT_EQ(find(3).why_not, "release 4, which its delta begins at, is not here");
}

TEST_F(FindDeltas, OneFileThatIsMissingOrAnotherEndsTheWay) {
  publish(1);
  const std::string blob = delta_blob(publish(2));
  publish(3);
  is_here(1);
  ASSERT_OK(share_.write_blob(blob, noise(300, 99)));
  EXPECT_THAT(steps(3), IsEmpty());
  EXPECT_THAT(find(3).why_not, testing::HasSubstr("the delta of release 4 on memory is not the one that was signed"));

  ASSERT_OK(share_.remove_blob(blob));
  EXPECT_THAT(steps(3), IsEmpty());
  EXPECT_THAT(find(3).why_not, testing::HasSubstr("the delta of release 4 is not on memory"));
}

TEST_F(FindDeltas, TooManyAreNotTaken) {
  for (std::uint64_t number = 1; number <= kMostDeltas + 2; ++number) {
    publish(number);
  }
  is_here(1);
  EXPECT_THAT(steps(kMostDeltas + 1), testing::SizeIs(kMostDeltas));

  EXPECT_THAT(steps(kMostDeltas + 2), IsEmpty());
  EXPECT_EQ(find(kMostDeltas + 2).why_not, "this host is too far behind for deltas");
}

TEST_F(FindDeltas, SeveralThatAreMoreThanThePacksAreNotTaken) {
  publish(1);
  publish(2);
  publish(3, kMiB);
  is_here(1);

  EXPECT_THAT(steps(3), IsEmpty());
  EXPECT_EQ(find(3).why_not, "this host is too far behind for deltas");
}

TEST_F(FindDeltas, AShareThatIsAwayIsTheReason) {
  publish(1);
  publish(2);
  is_here(1);
  share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", ""}); };

  EXPECT_EQ(find(2).why_not, "away");
}

}  // namespace swarmout::test
