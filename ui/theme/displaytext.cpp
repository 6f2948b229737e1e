// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/displaytext.h"

#include "core/base/error.h"
#include "core/runtime/compute.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>

#include <cmath>
#include <limits>

namespace rekey::ui {

namespace {

constexpr QChar minus(0x2212);
constexpr QChar times(0x00D7);

QString superscript(int number)
{
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text;
    for (const QChar c : QString::number(std::abs(number)))
        text += digits[c.digitValue()];
    return number < 0 ? QStringLiteral("⁻") + text : text;
}

/// Two figures and the exponent: 1.8 and -4.
std::pair<QString, int> scientific(double value)
{
    const QString text = QString::number(std::abs(value), 'e', 1);
    const qsizetype e = text.indexOf(QLatin1Char('e'));
    return {text.left(e), text.mid(e + 1).toInt()};
}

QString special(double value)
{
    if (std::isnan(value))
        return QStringLiteral("NaN");
    return value > 0 ? QStringLiteral("∞") : minus + QStringLiteral("∞");
}

} // namespace

QString countText(quint64 count)
{
    return QLocale().toString(count);
}

QString shortCountText(quint64 count)
{
    if (count < 1000)
        return QString::number(count);
    const auto scaled = [count](double unit) {
        const double value = static_cast<double>(count) / unit;
        return QLocale().toString(value, 'f', value < 10 ? (unit > 1e3 ? 2 : 1) : 1);
    };
    if (count < 999'950)
        return scaled(1e3) + QStringLiteral(" k");
    if (count < 999'950'000)
        return scaled(1e6) + QStringLiteral(" M");
    return scaled(1e9) + QStringLiteral(" G");
}

QString bytesText(quint64 bytes)
{
    if (bytes < 1024)
        return QStringLiteral("%1 B").arg(bytes);
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < std::size(units); ++unit)
        value /= 1024;
    return QStringLiteral("%1 %2").arg(QLocale().toString(value, 'f', 1), QLatin1String(units[unit]));
}

QString durationText(double milliseconds)
{
    if (milliseconds < 9.95)
        return QStringLiteral("%1 ms").arg(QLocale().toString(milliseconds, 'f', 1));
    if (milliseconds < 999.5)
        return QStringLiteral("%1 ms").arg(qRound(milliseconds));
    if (milliseconds < 59'950)
        return QStringLiteral("%1 s").arg(QLocale().toString(milliseconds / 1000, 'f', 1));
    return QStringLiteral("%1 min").arg(qRound(milliseconds / 60'000));
}

QString numberText(double value)
{
    if (!std::isfinite(value))
        return special(value);
    QString text = QLocale().toString(std::abs(value), 'f', 4);
    const double shown = std::abs(value) < 0.00005 ? 0 : value;
    return shown < 0 ? minus + text : text;
}

QString errorText(double value)
{
    if (!std::isfinite(value))
        return special(value);
    if (value == 0)
        return QStringLiteral("0");
    const auto [digits, exponent] = scientific(value);
    return (value < 0 ? QString(minus) : QString()) + digits + QLatin1Char(' ') + times + QStringLiteral(" 10") + superscript(exponent);
}

QString powerText(int decade)
{
    return QStringLiteral("10") + superscript(decade);
}

QString errorCellText(double value)
{
    if (!std::isfinite(value))
        return special(value);
    if (value == 0)
        return QStringLiteral("0");
    const auto [digits, exponent] = scientific(value);
    const QString sign = exponent < 0 ? QString(minus) : QString();
    return (value < 0 ? QString(minus) : QString()) + digits + QLatin1Char('e') + sign + QString::number(std::abs(exponent));
}

QString confidenceText(double value)
{
    // Never rounded up to certainty.
    return QLocale().toString(value < 1 ? std::min(value, 0.99) : 1.0, 'f', 2);
}

QString precisionText(Precision precision)
{
    switch (precision) {
    case Precision::F32: break;
    case Precision::BF16: return QStringLiteral("BF16");
    case Precision::F16: return QStringLiteral("F16");
    }
    return QStringLiteral("F32");
}

QString shapeText(const Shape &shape)
{
    if (shape.empty())
        return QCoreApplication::translate("Shape", "scalar");
    QString text;
    for (const std::int64_t size : shape) {
        if (!text.isEmpty())
            text += times;
        text += QString::number(size);
    }
    return text;
}

QString sentenceText(const std::string &sentence)
{
    static const QRegularExpression exponent(QStringLiteral("(?<![\\w.])([\\d.]+e)([-+])0*(\\d+)(?!\\w)"));
    const QString text = QString::fromStdString(sentence);
    QString result;
    qsizetype done = 0;
    for (QRegularExpressionMatchIterator match = exponent.globalMatch(text); match.hasNext();) {
        const QRegularExpressionMatch number = match.next();
        result += text.mid(done, number.capturedStart() - done);
        result += number.captured(1) + (number.captured(2) == QLatin1String("-") ? QString(minus) : QString()) + number.captured(3);
        done = number.capturedEnd();
    }
    return result + text.mid(done);
}

QString keyText(const std::string &key)
{
    return QString::fromStdString(displayText(key, std::numeric_limits<std::size_t>::max()));
}

} // namespace rekey::ui
