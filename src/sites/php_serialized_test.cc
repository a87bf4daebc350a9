// The validator against what is written by hand, what src/poc writes, and PHP itself.
#include "sites/php_serialized.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fstream>
#include <random>

#include "base/subprocess.h"
#include "http/base64.h"
#include "poc/php_value.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::sites {
namespace {

namespace json = boost::json;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

std::vector<std::string> const kValues{
    "N;",
    "b:0;",
    "i:-9223372036854775808;",
    "d:0.1;",
    "d:-1.5E-7;",
    "d:.5;",
    "d:INF;",
    "d:NAN;",
    "s:0:\"\";",
    "s:7:\"a\";b:\"c\";",
    "s:4:\"€x\";",
    " a:0:{} \n",
    "a:2:{i:0;s:1:\"x\";s:3:\"key\";a:1:{i:7;N;}}",
    "O:8:\"stdClass\":1:{s:1:\"a\";i:1;}",
    "a:2:{i:0;O:8:\"stdClass\":0:{}i:1;r:2;}",
    "a:2:{i:0;i:5;i:1;R:2;}",
    "C:11:\"ArrayObject\":21:{x:i:0;a:0:{};m:a:0:{}}",
    "E:7:\"Foo:Bar\";",
};

TEST(PhpSerializedTest, WholeValuesAreTaken) {
    for (auto const& text : kValues) {
        EXPECT_THAT(check_php_serialized(text), IsOk()) << text;
        EXPECT_TRUE(looks_php_serialized(text)) << text;
    }
    // A protected property, whose name begins with zeros.
    using namespace std::string_literals;
    auto const hidden = "O:8:\"stdClass\":1:{s:4:\"\0*\0a\";N;}"s;
    EXPECT_THAT(check_php_serialized(hidden), IsOk());
    EXPECT_THAT(check_php_serialized(poc::php_serialized(
                    json::object{{"1", json::array{true, nullptr, 2.5, "Wöchentlich"}},
                                 {"x", json::object{{"deep", json::array{json::object{}}}}}})),
                IsOk());
}

TEST(PhpSerializedTest, DamageIsRefusedWithItsPlace) {
    struct Case {
        std::string text;
        std::string message;
    };
    for (auto const& [text, message] : std::vector<Case>{
             {"", "byte 0: the value is cut off"},
             {"i:1", "byte 2: ';' is missing"},
             {"i:;", "byte 2: no 64-bit integer"},
             {"i:+-1;", "no 64-bit integer"},
             {"i:9223372036854775808;", "no 64-bit integer"},
             {"i:1;i:2;", "byte 4: something stands behind the value"},
             {"b:2;", "neither 0 nor 1"},
             {"d:1.5x;", "no number"},
             {"d:.;", "no number"},
             {"s:3:\"abcd\";", "byte 8: '\"' is missing"},
             {"s:5:\"abcd\";", "byte 10: '\"' is missing"},
             {"s:99:\"abcd\";", "byte 6: the length is past the end"},
             {"s:18446744073709551615:\"a\";", "the length is past the end"},
             {"s:-1:\"a\";", "a number is missing"},
             // As many letters as it says, but more bytes: a search and replace on text.
             {"s:2:\"€x\";", "byte 7: '\"' is missing"},
             {"a:1:{i:0;N;", "byte 11: the value is cut off"},
             {"a:2:{i:0;N;}", "there are fewer members than said"},
             {"a:1:{i:0;N;i:1;N;}", "byte 11: '}' is missing"},
             {"a:1:{d:0.5;N;}", "a key is no integer and no string"},
             {"a:99999999999:{}", "there are fewer members than said"},
             {"O:3:\"A b\":0:{}", "no name of a class"},
             {"C:1:\"A\":9:{xx}", "the length is past the end"},
             {"E:3:\"Foo\";", "no case of an enumeration"},
             {"R:1;", "a reference to a value that is not there"},
             {"a:1:{i:0;r:2;}", "a reference to a value that is not there"},
             {"a:1:{i:0;R:3;}", "a reference to a value that is not there"},
             {"x:1;", "byte 0: no type of PHP's"},
         }) {
        EXPECT_THAT(check_php_serialized(text),
                    HasError(ErrorCode::InvalidArgument, HasSubstr(message)))
            << text;
    }
}

TEST(PhpSerializedTest, DepthIsBounded) {
    auto const nested = [](unsigned depth) {
        std::string text;
        for (unsigned i = 0; i < depth; ++i) text += "a:1:{i:0;";
        return text + "N;" + std::string(depth, '}');
    };
    EXPECT_THAT(check_php_serialized(nested(kPhpDepthMost)), IsOk());
    EXPECT_THAT(check_php_serialized(nested(kPhpDepthMost + 1)),
                HasError(ErrorCode::InvalidArgument, HasSubstr("nested too deeply")));
    EXPECT_FALSE(check_php_serialized(nested(100'000)).ok());
}

TEST(PhpSerializedTest, PlainTextDoesNotLookLikeIt) {
    for (auto const* const text :
         {"", "1", "yes", "a:b", "http://a.test", "i:x;", "s:5", "a:1", "b:;x", "N", "o:1:{",
          "s:5:later", "a:10:30 o'clock", "E:0", "note: a:1:{}"}) {
        EXPECT_FALSE(looks_php_serialized(text)) << text;
    }
    for (auto const* const damaged :
         {"a:1:{i:0;s:5:\"cut", "s:9:\"cut", "O:8:\"stdClass\":1:{", "a:1:", "i:1.5;"}) {
        EXPECT_TRUE(looks_php_serialized(damaged)) << damaged;
        EXPECT_FALSE(check_php_serialized(damaged).ok()) << damaged;
    }
}

json::value random_value(std::mt19937_64& random, unsigned depth) {
    switch (random() % (depth > 4 ? 5 : 7)) {
        case 0:
            return nullptr;
        case 1:
            return random() % 2 == 0;
        case 2:
            return static_cast<std::int64_t>(random());
        case 3:
            return static_cast<double>(random() % 1'000'000) / 1'024;
        case 4: {
            std::string text;
            for (auto n = random() % 12; n > 0; --n) text += static_cast<char>(random() % 256);
            return json::string(text);
        }
        case 5: {
            json::array array;
            for (auto n = random() % 4; n > 0; --n)
                array.push_back(random_value(random, depth + 1));
            return array;
        }
        default: {
            json::object object;
            for (auto n = random() % 4; n > 0; --n) {
                object[fmt::format("k{}", random() % 1'000)] = random_value(random, depth + 1);
            }
            return object;
        }
    }
}

std::string damaged(std::mt19937_64& random, std::string text) {
    static constexpr std::string_view kLetters = "aOCEsidbNRr:;{}\"0123456789.-+\\x";
    for (auto n = random() % 3; n > 0 && !text.empty(); --n) {
        auto const at = random() % text.size();
        switch (random() % 4) {
            case 0:
                text.erase(at, 1 + random() % 3);
                break;
            case 1:
                text.insert(at, 1, kLetters[random() % kLetters.size()]);
                break;
            case 2:
                text[at] = kLetters[random() % kLetters.size()];
                break;
            default:
                text.resize(at);
        }
    }
    return text;
}

// What PHP says of each: one process for all of them.
std::vector<bool> asked_of_php(std::vector<std::string> const& values) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const script = folder / "check.php";
    auto const input = folder / "values";
    std::ofstream(script) << "<?php ini_set('unserialize_max_depth', 256 + 1);\n"
                             "while (($line = fgets(STDIN)) !== false) {\n"
                             "  $text = trim(base64_decode(trim($line)));\n"
                             "  $value = @unserialize($text, ['allowed_classes' => false]);\n"
                             "  echo $value === false && $text !== 'b:0;' ? '0' : '1';\n}\n";
    {
        std::ofstream file(input);
        for (auto const& value : values) file << http::encode_base64(value) << '\n';
    }
    auto const result =
        must(run_process(testing::test_context(),
                         {.arguments = {"php", "-n", script.string()}, .input_file = input}));
    EXPECT_TRUE(result.status.success()) << result.standard_error;
    std::vector<bool> answers;
    for (char const letter : result.standard_output) answers.push_back(letter == '1');
    return answers;
}

// PHP before 8.3 does not look behind the value; it knows S: (escaped), takes an integer that is
// too large for another one, and an object without a count of its properties for one that has none.
bool is_known_leniency(std::string_view text, std::string_view message) {
    return text.find("S:") != text.npos || message.find("behind the value") != message.npos ||
           message.find("64-bit") != message.npos || text.find("\"::{}") != text.npos;
}

TEST(PhpSerializedTest, SaysWhatPhpSays) {
    if (auto const php = run_process(testing::test_context(), {.arguments = {"php", "-v"}});
        !php.ok()) {
        GTEST_SKIP() << php.error().message();
    }
    std::mt19937_64 random(4);
    std::vector<std::string> values(kValues.begin(), kValues.end());
    std::erase_if(values, [](auto const& text) { return text.find_first_of("CE") == 0; });
    for (int i = 0; i < 20'000; ++i) {
        auto const base = random() % 3 == 0 ? kValues[random() % kValues.size()]
                                            : poc::php_serialized(random_value(random, 0));
        values.push_back(damaged(random, base));
    }
    auto const answers = asked_of_php(values);
    ASSERT_EQ(answers.size(), values.size());
    std::size_t valid = 0;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto const& text = values[i];
        // Classes of their own format and enumerations have to exist in PHP.
        if (text.find("C:") != text.npos || text.find("E:") != text.npos) continue;
        auto const ours = check_php_serialized(text);
        if (ours.ok()) {
            // A key that comes twice takes away what a reference is to.
            bool const is_reference = text.find("R:") != text.npos || text.find("r:") != text.npos;
            EXPECT_TRUE(answers[i] || is_reference) << text;
            ++valid;
        } else if (answers[i]) {
            EXPECT_TRUE(is_known_leniency(text, ours.error().message()))
                << ours.error().message() << ": " << text;
        } else {
            ++refused;
        }
    }
    EXPECT_GT(valid, 5'000u);
    EXPECT_GT(refused, 3'000u);
}

TEST(PhpSerializedTest, AnyBytesAreReadToAnEnd) {
    std::mt19937_64 random(5);
    for (int i = 0; i < 50'000; ++i) {
        std::string text;
        static constexpr std::string_view kLetters = "aOCEsidbNRr:;{}\"012";
        for (auto n = random() % 40; n > 0; --n) text += kLetters[random() % kLetters.size()];
        bool const is_taken = check_php_serialized(text).ok();
        EXPECT_TRUE(!is_taken || looks_php_serialized(text)) << text;
    }
}

}  // namespace
}  // namespace aipress::sites
