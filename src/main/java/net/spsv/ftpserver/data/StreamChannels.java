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
package net.spsv.ftpserver.data;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Tells whether going past a stream, to the file channel under it, gives the same bytes.
 *
 * <p>{@code NativeFtpFile} returns subclasses of the file streams that override {@code close} only. Another file system
 * may return one that counts, decrypts or refuses in {@code read}; its channel must not be used.
 *
 * <p>Threading: safe for all threads.
 */
final class StreamChannels {

    private static final ClassValue<Boolean> PLAIN = new ClassValue<Boolean>() {
        @Override
        protected Boolean computeValue(final Class<?> type) {
            final Class<?> base =
                    FileInputStream.class.isAssignableFrom(type) ? FileInputStream.class : FileOutputStream.class;
            for (Class<?> c = type; c != base; c = c.getSuperclass()) {
                for (final java.lang.reflect.Method method : c.getDeclaredMethods()) {
                    if (!"close".equals(method.getName()) && overrides(base, method)) {
                        return false;
                    }
                }
            }
            return true;
        }
    };

    private StreamChannels() {}

    static boolean isPlainFile(final InputStream stream) {
        return stream instanceof FileInputStream && PLAIN.get(stream.getClass());
    }

    static boolean isPlainFile(final OutputStream stream) {
        return stream instanceof FileOutputStream && PLAIN.get(stream.getClass());
    }

    private static boolean overrides(final Class<?> base, final java.lang.reflect.Method method) {
        try {
            base.getMethod(method.getName(), method.getParameterTypes());
            return true;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }
}
