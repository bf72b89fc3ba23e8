// What somebody else may have put on the share, in place of what belongs there, and what never happens because of it.

#include "tests/common/share/directory/hostile_share.hpp"

#include "tests/support/name_of.hpp"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

void put_socket(const Path& path) {
  const Fd made(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

/// Something that an attacker puts at `place`; `outside` is a file that is not his.
struct Trap {
  std::string name;
  std::function<void(const Path& place, const Path& outside)> put;
  bool is_a_file = false;  ///< can be read like any other
};

std::vector<Trap> traps() {
  std::vector<Trap> all = {
      {"Link", [](const Path& place, const Path& outside) { write_symlink(place, outside.native()); }},
      {"RelativeLink",
       [](const Path& place, const Path& outside) {
         write_symlink(place, std::filesystem::relative(outside, place.parent_path()).native());
       }},
      {"LinkToADirectory",
       [](const Path& place, const Path& outside) { write_symlink(place, outside.parent_path().native()); }},
      {"LinkToNothing",
       [](const Path& place, const Path& outside) { write_symlink(place, (outside.parent_path() / "new").native()); }},
      {"MagicLink", [](const Path& place, const Path&) { write_symlink(place, "/proc/self/fd/1"); }},
      {"HardLink", [](const Path& place, const Path& outside) { std::filesystem::create_hard_link(outside, place); },
       true},
      {"Fifo", [](const Path& place, const Path&) { EXPECT_EQ(::mkfifo(place.c_str(), 0666), 0); }},
      {"Socket", [](const Path& place, const Path&) { put_socket(place); }},
      {"Directory", [](const Path& place, const Path&) { std::filesystem::create_directory(place); }},
  };
  if (::geteuid() == 0) {
    all.push_back({"Device", [](const Path& place, const Path&) {
                     EXPECT_EQ(::mknod(place.c_str(), S_IFCHR | 0666, makedev(1, 7)), 0);  // /dev/full
                   }});
  }
  return all;
}

class TrapTest : public HostileShareTest, public testing::WithParamInterface<Trap> {
protected:
  void trap(const char* name) const {
    std::filesystem::remove_all(root_ / name);
    GetParam().put(root_ / name, victim_);
  }
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Each, TrapTest, testing::ValuesIn(traps()), kNameOf);

TEST_P(TrapTest, InPlaceOfACellItIsNotWrittenThrough) {
  trap("peers/0123456789abcdef");

  const auto written = share_.write_cell(CellKind::peer, "0123456789abcdef", "mine");

  if (GetParam().name == "Directory") {
    EXPECT_THAT(written, FailsWith(ErrorCode::temporary, "peers/0123456789abcdef"));
  } else {
    ASSERT_OK(written);
    EXPECT_EQ(share_.read_cell(CellKind::peer, "0123456789abcdef").value()->bytes, "mine");
  }
  EXPECT_EQ(harm(), "");
}

TEST_P(TrapTest, InPlaceOfACellThatIsCreatedItCountsAsThere) {
  trap("hb/a");

  EXPECT_EQ(share_.create_cell(CellKind::heartbeat, "a", "mine").value_or(true), false);
}

TEST_P(TrapTest, InPlaceOfACellItIsNotRead) {
  trap("hb/a");

  const auto found = share_.read_cell(CellKind::heartbeat, "a");

  expect_no_word_of_it(found);
  if (!GetParam().is_a_file) {
    EXPECT_THAT(found, FailsWith(ErrorCode::refused, "hb/a"));
  }
}

TEST_P(TrapTest, InPlaceOfTheFormatItIsNotReadAndNotReplaced) {
  trap("FORMAT");

  expect_no_word_of_it(share_.cluster());
  expect_no_word_of_it(open_share(root_.native()));
  expect_no_word_of_it(init_share(root_.native()));
}

TEST_P(TrapTest, InPlaceOfAnEntryItIsRefusedAndNeverWon) {
  trap("log/00000001");

  const auto put = share_.put(Position{1}, "mine");

  EXPECT_NE(put.outcome, PutOutcome::won);
  if (!GetParam().is_a_file) {
    EXPECT_THAT(share_.read(Position{1}), FailsWith(ErrorCode::refused, "log/00000001"));
    std::filesystem::rename(root_ / "log/00000001", root_ / "log/00000009");
    EXPECT_EQ(share_.tail({}).value_or(Position{999}), Position{}) << "it is no entry";
  }
}

TEST_P(TrapTest, InPlaceOfATorrentItIsNotReadAndReplacedByOne) {
  trap("torrents/a.torrent");

  const auto found = share_.read_blob("a.torrent", 5);
  expect_no_word_of_it(found);
  if (GetParam().name != "Directory") {
    EXPECT_THAT(share_.write_blob("a.torrent", "mine"), IsOk());
    EXPECT_EQ(share_.read_blob("a.torrent", 5).value(), "mine");
  }
}

TEST_P(TrapTest, InPlaceOfTheDirectoryOfCellsNothingIsDoneInWhatItNames) {
  put_away("peers");
  GetParam().put(root_ / "peers", victim_);
  if (GetParam().name == "Directory") {
    std::filesystem::remove(root_ / "peers");
  }

  EXPECT_FALSE(share_.write_cell(CellKind::peer, "a", "mine").has_value());
  EXPECT_FALSE(share_.list_cells(CellKind::peer).has_value());
  EXPECT_FALSE(share_.remove_stale(kFuture).has_value());
  EXPECT_FALSE(share_.remove_cell(CellKind::peer, "victim").has_value());
}

TEST_P(TrapTest, InPlaceOfTheLogNothingIsDoneInWhatItNames) {
  put_away("log");
  GetParam().put(root_ / "log", victim_);
  if (GetParam().name == "Directory") {
    std::filesystem::remove(root_ / "log");
  }

  EXPECT_NE(share_.put(Position{1}, "mine").outcome, PutOutcome::won);
  EXPECT_FALSE(share_.now().has_value());
  EXPECT_FALSE(share_.tail({}).has_value());
  EXPECT_FALSE(share_.remove_stale(kFuture).has_value());
}

TEST_P(TrapTest, IsTidiedAwayItselfWhenItIsOld) {
  trap("peers/a");

  ASSERT_OK(share_.remove_stale(kFuture));

  EXPECT_EQ(path_exists(root_ / "peers/a"), GetParam().name == "Directory");
}

}  // namespace swarmout::test
