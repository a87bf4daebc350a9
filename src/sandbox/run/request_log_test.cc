#include "sandbox/run/request_log.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "testing/must.h"
#include "testing/temporary_directory.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RequestLogTest : public ::testing::Test {
protected:
    static std::string line(std::string const& id, std::string const& agent = "curl") {
        return fmt::format(
            R"({{"id":"{}","time":1700000000.123,"service":"projects/p/locations/r/services/s",)"
            R"("revision":"s-1","host":"h","method":"GET","path":"/a?b","protocol":"HTTP/1.1",)"
            R"("status":404,"latency":0.250,"received":77,"bytes":12,"remote":"127.0.0.1",)"
            R"("agent":"{}","trace":""}})",
            id, agent);
    }
    void append(std::string const& text) {
        std::ofstream(request_log(folder_), std::ios::app | std::ios::binary) << text;
    }
    // The ids of what is new since the last call.
    std::vector<std::string> news() {
        auto taken = read_requests_since(folder_, position_);
        position_ = taken.next;
        std::vector<std::string> ids;
        for (auto const& request : taken.requests) ids.push_back(request.id);
        return ids;
    }

    testing::TemporaryDirectory const made_ = testing::must(testing::TemporaryDirectory::make());
    fs::path const folder_ = made_ / "";
    RequestPosition position_;
};

TEST_F(RequestLogTest, ALineIsReadWholeAndOnce) {
    EXPECT_THAT(news(), IsEmpty());
    append(line("a") + "\n" + line("b") + "\n" + line("c").substr(0, 40));
    EXPECT_THAT(news(), ElementsAre("a", "b"));
    EXPECT_THAT(news(), IsEmpty());
    append(line("c").substr(40) + "\n");
    EXPECT_THAT(news(), ElementsAre("c"));
    auto const request = read_requests_since(folder_, {}).requests.at(0);
    EXPECT_EQ(request.time, WallTime(milliseconds(1'700'000'000'123)));
    EXPECT_EQ(request.service, "projects/p/locations/r/services/s");
    EXPECT_EQ(request.path, "/a?b");
    EXPECT_EQ(request.status, 404);
    EXPECT_EQ(request.latency_seconds, 0.25);
    EXPECT_EQ(request.received_bytes, 77U);
    EXPECT_EQ(request.bytes, 12U);
}

// A client may send any bytes; its request counts all the same.
TEST_F(RequestLogTest, BytesThatAreNoTextAreReplacedAndOtherLinesPassedOver) {
    append(line("a", "caf\xe9") + "\nno line of ours\n{}\n" + line("b", "caf\xc3\xa9") + "\n");
    auto const requests = read_requests_since(folder_, {}).requests;
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].agent, "caf?");
    EXPECT_EQ(requests[1].agent, "caf\xc3\xa9");
}

// The worker writes to the old file until it has heard of the new one.
TEST_F(RequestLogTest, AFileThatWasRenamedIsReadOn) {
    append(line("a") + "\n");
    EXPECT_THAT(news(), ElementsAre("a"));
    rename_request_log(folder_);
    std::ofstream(folder_ / "requests.1.jsonl", std::ios::app) << line("b") << "\n";
    append(line("c") + "\n");
    EXPECT_THAT(news(), ElementsAre("b", "c"));
    rename_request_log(folder_);
    append(line("d") + "\n");
    EXPECT_THAT(news(), ElementsAre("d"));
    EXPECT_EQ(position_.size(), 2U);
}

TEST_F(RequestLogTest, ACopyHasThePositionOfItsOriginal) {
    append(line("a") + "\n");
    EXPECT_THAT(news(), ElementsAre("a"));
    append(line("b") + "\n");
    fs::copy_file(request_log(folder_), folder_ / "copy");
    fs::rename(folder_ / "copy", request_log(folder_));
    EXPECT_THAT(news(), ElementsAre("b"));
}

}  // namespace
}  // namespace aipress::sandbox::run
