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
package net.spsv.gateway.control;

/** One line of a reply. */
public final class ReplyLine {

    private final String text;

    private final int code;

    private final boolean last;

    ReplyLine(final String text, final int code, final boolean last) {
        this.text = text;
        this.code = code;
        this.last = last;
    }

    /**
     * Returns the line as it goes to the client.
     *
     * @return without its end
     */
    public String text() {
        return text;
    }

    /**
     * Returns the code of the reply that the line belongs to.
     *
     * @return from 100 to 599
     */
    public int code() {
        return code;
    }

    /**
     * Returns whether the reply ends with this line.
     *
     * @return false if more lines follow
     */
    public boolean isLast() {
        return last;
    }
}
