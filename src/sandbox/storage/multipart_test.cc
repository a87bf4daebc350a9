#include "sandbox/storage/multipart.h"

#include <gmock/gmock.h>

#include "sandbox/storage/resumable.h"

namespace aipress::sandbox {
namespace {

using namespace std::string_literals;

// Gives its text out in steps, so that each boundary is met in each position.
class TextReader final : public http::BodyReader {
public:
    TextReader(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        auto const count = std::min({buffer.size(), step_, text_.size() - at_});
        text_.copy(buffer.data(), count, at_);
        at_ += count;
        return count;
    }

private:
    std::string text_;
    std::size_t step_;
    std::size_t at_ = 0;
};

struct Parts {
    std::string json;
    std::string type;
    std::string bytes;
    bool ok = false;
};

Parts parts_of(std::string const& text, std::size_t step) {
    TextReader reader(text, step);
    Parts parts;
    auto read = read_related(reader, "b--x", [&](std::string_view piece) -> Result<void> {
        parts.bytes += piece;
        return {};
    });
    parts.ok = read.ok();
    if (!parts.ok) return parts;
    auto const related = read.release();
    parts.json = related.json;
    parts.type = related.content_type;
    return parts;
}

TEST(MultipartTest, BothPartsWhateverTheLineEndsAndSteps) {
    for (std::string const end : {"\r\n", "\n"}) {
        std::string const bytes = "\r\n--b--y\r\n\n--b--\0binary\r\n-"s + std::string(5000, '\r');
        auto const text = "--b--x" + end + "Content-Type: application/json" + end + end +
                          "{\"name\": \"o\"}" + end + "--b--x" + end + "content-type: image/png" +
                          end + "MIME-Version: 1.0" + end + end + bytes + end + "--b--x--" + end;
        for (std::size_t const step : {1u, 2u, 3u, 7u, 1000u, 100'000u}) {
            auto const parts = parts_of(text, step);
            ASSERT_TRUE(parts.ok) << step;
            EXPECT_EQ(parts.json, "{\"name\": \"o\"}");
            EXPECT_EQ(parts.type, "image/png");
            EXPECT_EQ(parts.bytes, bytes) << step;
        }
    }
}

TEST(MultipartTest, ABodyThatEndsTooEarlyIsNoObject) {
    std::string const whole =
        "--b--x\r\n\r\n{}\r\n--b--x\r\nContent-Type: a/b\r\n\r\nbytes\r\n--b--x--\r\n";
    for (std::size_t size = 0; size < whole.size() - 4; ++size) {
        EXPECT_FALSE(parts_of(whole.substr(0, size), 10).ok) << size;
    }
    EXPECT_TRUE(parts_of(whole, 10).ok);
    EXPECT_FALSE(parts_of("no boundary here", 10).ok);
}

TEST(MultipartTest, BoundariesInEveryQuoting) {
    for (auto const* const type :
         {"multipart/related; boundary=abc", "multipart/related; boundary=\"abc\"",
          "multipart/related; boundary='abc'", "multipart/related; charset=x;boundary=abc; y=z"}) {
        auto boundary = boundary_of(type);
        ASSERT_TRUE(boundary.ok()) << type;
        EXPECT_EQ(boundary.release(), "abc") << type;
    }
    EXPECT_FALSE(boundary_of("multipart/related").ok());
    EXPECT_FALSE(boundary_of("application/json").ok());
}

TEST(ContentRangeTest, EveryFormThatClientsSend) {
    auto const parsed = [](std::string_view text) { return parse_content_range(text).release(); };
    EXPECT_EQ(parsed("bytes 0-9/10").end, 10u);
    EXPECT_EQ(parsed("bytes 0-9/10").total, 10u);
    EXPECT_EQ(parsed("bytes 5-9/*").begin, 5u);
    EXPECT_EQ(parsed("bytes 5-9/*").total, std::nullopt);
    EXPECT_EQ(parsed("bytes 5-*/*").end, UINT64_MAX);
    EXPECT_EQ(parsed("bytes */10").begin, std::nullopt);
    EXPECT_EQ(parsed("bytes */*").total, std::nullopt);
    for (auto const* const none : {"", "bytes", "bytes 9-5/10", "bytes 0-10/10", "bytes a-b/c",
                                   "bytes 0-9/-1", "items 0-9/10"}) {
        EXPECT_FALSE(parse_content_range(none).ok()) << none;
    }
}

}  // namespace
}  // namespace aipress::sandbox
