/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver.bench;

import java.util.Arrays;
import java.util.Locale;

/** A line of the table: what a figure means, how rounds are summed up, and what is aimed at. */
final class Metric {
    private enum Kind {
        RATE,
        TIME,
        COUNT,
        SHARE
    }

    private final Kind kind;
    private final String name;
    private final String unit;
    private double leastGain = Double.NaN;
    private double least = Double.NaN;
    private double most = Double.NaN;

    private Metric(final Kind kind, final String name, final String unit) {
        this.kind = kind;
        this.name = name;
        this.unit = unit;
    }

    /** More is better; the median of the rounds counts. */
    static Metric rate(final String name, final String unit) {
        return new Metric(Kind.RATE, name, unit);
    }

    /** Less is better; the median of the rounds counts. */
    static Metric time(final String name, final String unit) {
        return new Metric(Kind.TIME, name, unit);
    }

    /** Less is better; the sum of the rounds counts. */
    static Metric count(final String name) {
        return new Metric(Kind.COUNT, name, "");
    }

    /** Neither is better; the median of the rounds counts. */
    static Metric share(final String name) {
        return new Metric(Kind.SHARE, name, "%");
    }

    /** Aims at being so many times better than stock PASV. */
    Metric aimAtGain(final double factor) {
        leastGain = factor;
        return this;
    }

    /** Aims at a figure of at least this. */
    Metric aimAtLeast(final double value) {
        least = value;
        return this;
    }

    /** Aims at a figure of at most this. */
    Metric aimAtMost(final double value) {
        most = value;
        return this;
    }

    String title() {
        return unit.isEmpty() ? name : name + ", " + unit;
    }

    /** The one figure that stands for all rounds. */
    double summary(final double[] rounds) {
        return kind == Kind.COUNT ? Arrays.stream(rounds).sum() : median(rounds);
    }

    /** How many times better a figure is than the one it is compared with. */
    double gain(final double stock, final double figure) {
        return kind == Kind.RATE ? figure / stock : stock / figure;
    }

    /** The gain as text; counts and shares have none, and figures that were not told neither. */
    String gainText(final double stock, final double figure) {
        final double gain = gain(stock, figure);
        return kind == Kind.COUNT || kind == Kind.SHARE || Double.isNaN(gain)
                ? ""
                : String.format(Locale.ROOT, "%.2fx", gain);
    }

    boolean isMissed(final double stock, final double figure) {
        return gain(stock, figure) < leastGain || figure < least || figure > most;
    }

    /** The target as text, empty if there is none. */
    String target() {
        if (!Double.isNaN(leastGain)) {
            return String.format(Locale.ROOT, "at least %.1fx", leastGain);
        }
        if (!Double.isNaN(least)) {
            return "at least " + text(least);
        }
        return Double.isNaN(most) ? "" : text(most);
    }

    /** A figure with as many digits as it deserves; empty if there is none. */
    static String text(final double figure) {
        if (Double.isNaN(figure)) {
            return "";
        }
        final int digits = figure == Math.rint(figure) || figure >= 10 ? 0 : figure >= 1 ? 1 : 2;
        return String.format(Locale.ROOT, "%,." + digits + "f", figure);
    }

    static double median(final double[] values) {
        return percentile(values, 50);
    }

    /** The smallest value that at least so many percent of the values do not exceed. */
    static double percentile(final double[] values, final int percent) {
        if (values.length == 0) {
            return Double.NaN;
        }
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(sorted.length * percent / 100.0) - 1)];
    }
}
