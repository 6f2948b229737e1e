// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/maskpicture.h"

#include <QPainter>

#include <algorithm>
#include <array>

namespace rekey::ui {

namespace {

/// Boundary between pixels, walked with the mask on the right. Directions: 0 right, 1 down, 2 left, 3 up.
class Outline
{
public:
    Outline(const std::vector<std::uint8_t> &pixels, int width, int height)
        : m_pixels(pixels)
        , m_width(width)
        , m_height(height)
        , m_walked(static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
    {
    }

    QPainterPath path()
    {
        QPainterPath result;
        // Every loop has a top edge: a pixel inside below one outside.
        for (int y = 0; y < m_height; ++y)
            for (int x = 0; x < m_width; ++x)
                if (inside(x, y) && !inside(x, y - 1) && !m_walked[index(x, y)])
                    walk(x, y, result);
        return result;
    }

private:
    bool inside(int x, int y) const { return x >= 0 && y >= 0 && x < m_width && y < m_height && m_pixels[index(x, y)] != 0; }
    std::size_t index(int x, int y) const
    {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width) + static_cast<std::size_t>(x);
    }

    /// From the top-left corner of pixel (startX, startY), along its top edge.
    void walk(int startX, int startY, QPainterPath &path)
    {
        static constexpr std::array<int, 4> dx = {1, 0, -1, 0}, dy = {0, 1, 0, -1};
        int x = startX, y = startY, direction = 0;
        QPolygonF loop;
        do {
            if (direction == 0)
                m_walked[index(x, y)] = 1;
            // The middle of each edge: a staircase of single pixels becomes a slope.
            const QPointF middle(x + 0.5 * dx[static_cast<std::size_t>(direction)], y + 0.5 * dy[static_cast<std::size_t>(direction)]);
            append(loop, middle);
            x += dx[static_cast<std::size_t>(direction)];
            y += dy[static_cast<std::size_t>(direction)];
            direction = turn(x, y, direction);
        } while (x != startX || y != startY || direction != 0);
        if (loop.size() > 2)
            path.addPolygon(loop), path.closeSubpath();
    }

    /// At corner (x, y), having come along `direction`: where the boundary goes on. Pixels that touch only at a corner
    /// are kept apart.
    int turn(int x, int y, int direction) const
    {
        // The two pixels ahead: left and right of the direction of travel.
        static constexpr std::array<int, 4> leftX = {0, 0, -1, -1}, leftY = {-1, 0, 0, -1};
        static constexpr std::array<int, 4> rightX = {0, -1, -1, 0}, rightY = {0, 0, -1, -1};
        const auto d = static_cast<std::size_t>(direction);
        const bool left = inside(x + leftX[d], y + leftY[d]), right = inside(x + rightX[d], y + rightY[d]);
        if (!right)
            return (direction + 1) % 4;
        if (left)
            return (direction + 3) % 4;
        return direction;
    }

    static void append(QPolygonF &loop, const QPointF &point)
    {
        // Straight runs keep their ends only.
        const qsizetype n = loop.size();
        if (n >= 2) {
            const QPointF a = loop[n - 1] - loop[n - 2], b = point - loop[n - 1];
            if (a.x() * b.y() == a.y() * b.x()) {
                loop[n - 1] = point;
                return;
            }
        }
        loop.append(point);
    }

    const std::vector<std::uint8_t> &m_pixels;
    int m_width, m_height;
    std::vector<std::uint8_t> m_walked;
};

} // namespace

QImage qImage(const Image &image)
{
    return QImage(image.rgb.data(), image.width, image.height, static_cast<qsizetype>(image.width) * 3, QImage::Format_RGB888)
        .convertToFormat(QImage::Format_RGB32);
}

MaskPicture maskPicture(const std::vector<std::uint8_t> &pixels, int width, int height)
{
    MaskPicture result;
    if (width <= 0 || height <= 0 || pixels.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
        return result;
    result.area = QImage(width, height, QImage::Format_Indexed8);
    result.area.setColorTable({qRgba(0, 0, 0, 0), qRgba(255, 255, 255, 255)});
    for (int y = 0; y < height; ++y)
        std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(y) * width, width, result.area.scanLine(y));
    result.outline = Outline(pixels, width, height).path();
    return result;
}

QImage tinted(const MaskPicture &mask, const QColor &colour)
{
    if (mask.area.isNull())
        return {};
    QImage image = mask.area;
    image.setColorTable({qRgba(0, 0, 0, 0), colour.rgba()});
    return image.convertToFormat(QImage::Format_ARGB32_Premultiplied);
}

MaskDifference maskDifference(const std::vector<std::uint8_t> &first, const std::vector<std::uint8_t> &second, int width, int height)
{
    std::vector<std::uint8_t> onlyFirst(first.size()), onlySecond(first.size());
    for (std::size_t i = 0; i < first.size() && i < second.size(); ++i) {
        onlyFirst[i] = first[i] != 0 && second[i] == 0;
        onlySecond[i] = first[i] == 0 && second[i] != 0;
    }
    return {maskPicture(onlyFirst, width, height), maskPicture(onlySecond, width, height)};
}

QImage thumbnail(const QImage &small, const QSize &size, const MaskPicture &mask, const QColor &colour)
{
    QImage result = small.convertToFormat(QImage::Format_ARGB32_Premultiplied);
    if (mask.area.isNull() || result.isNull())
        return result;
    QPainter painter(&result);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    // Away from the mask the picture steps back, so that a small mask is found at once.
    painter.fillRect(result.rect(), QColor(0, 0, 0, 90));
    const qreal scale = static_cast<qreal>(result.width()) / size.width();
    const QPainterPath outline = QTransform::fromScale(scale, scale).map(mask.outline);
    painter.setClipPath(outline);
    painter.drawImage(0, 0, small);
    painter.setClipping(false);
    painter.setOpacity(0.68);
    painter.fillPath(outline, colour);
    painter.setOpacity(1);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colour, 2));
    painter.drawPath(outline);
    return result;
}

} // namespace rekey::ui
